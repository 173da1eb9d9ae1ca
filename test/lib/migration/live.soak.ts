import { migrateUnderLoad } from '../../support/migrated-under-load.js'

migrateUnderLoad(200_000)
