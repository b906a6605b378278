-- Old step 15. NOT safe to repeat.
ALTER TABLE "environment" ADD COLUMN "data" jsonb DEFAULT '{}' NOT NULL;
