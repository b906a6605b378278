-- Old step 7. Safe to repeat.
ALTER TABLE "environment" ADD COLUMN IF NOT EXISTS "decryptableKey" text;
