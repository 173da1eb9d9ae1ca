import { migrateUnderLoad } from '../../support/migrated-under-load.js'

migrateUnderLoad(20_000)
