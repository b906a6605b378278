-- Old step 4. Safe to repeat.
ALTER TABLE "environment" DROP COLUMN IF EXISTS "isOnline";
ALTER TABLE "environment" DROP COLUMN IF EXISTS "isOnlineUpdatedAt";
