-- Old step 6: shares and external sessions. NOT safe to repeat, and impossible while there are sessions.
CREATE TABLE IF NOT EXISTS "externalAppUser" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY, "email" text NOT NULL,
    "environmentId" uuid NOT NULL REFERENCES "environment" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "appRoute" text NOT NULL,
    "createdByUserId" uuid NOT NULL REFERENCES "user" ("id") ON UPDATE CASCADE ON DELETE SET NULL,
    "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS "externalAppUser_email_idx" ON "externalAppUser" ("email");
ALTER TABLE "session" ALTER COLUMN "userId" DROP NOT NULL;
ALTER TABLE "session" ALTER COLUMN "companyId" DROP NOT NULL;
ALTER TABLE "session" ADD COLUMN "isExternal" boolean DEFAULT false NOT NULL;
ALTER TABLE "session" ADD COLUMN "email" text NOT NULL;
