-- Old step 9: shares made by SDKs. NOT safe to repeat.
ALTER TABLE "externalAppUser" ALTER COLUMN "createdByUserId" DROP NOT NULL;
ALTER TABLE "externalAppUser" ADD COLUMN "createdBySdk" boolean DEFAULT false NOT NULL;
