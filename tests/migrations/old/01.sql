-- Old step 1: companies, environments, users. Safe to repeat.
CREATE TABLE IF NOT EXISTS "company" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY, "name" text NOT NULL,
    "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'environmentType') THEN
        CREATE TYPE "environmentType" AS ENUM ('development', 'production');
    END IF;
END $$;
CREATE TABLE IF NOT EXISTS "environment" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "name" text NOT NULL, "apiKey" text UNIQUE NOT NULL, "type" "environmentType" NOT NULL,
    "apps" jsonb DEFAULT '[]' NOT NULL, "isOnline" boolean DEFAULT false NOT NULL, "isOnlineUpdatedAt" timestamptz,
    "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE TABLE IF NOT EXISTS "user" (
    "id" uuid DEFAULT gen_random_uuid() PRIMARY KEY,
    "companyId" uuid NOT NULL REFERENCES "company" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
    "firstName" text NOT NULL, "lastName" text NOT NULL, "email" text UNIQUE NOT NULL,
    "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL, "updatedAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "developmentEnvironmentId" uuid REFERENCES "environment" ("id") ON UPDATE CASCADE ON DELETE SET NULL
);
CREATE INDEX IF NOT EXISTS "company_id_idx" ON "company" ("id");
CREATE INDEX IF NOT EXISTS "environment_id_idx" ON "environment" ("id");
CREATE INDEX IF NOT EXISTS "environment_companyId_id_idx" ON "environment" ("companyId", "id");
CREATE INDEX IF NOT EXISTS "user_id_idx" ON "user" ("id");
CREATE INDEX IF NOT EXISTS "user_companyId_id_idx" ON "user" ("companyId", "id");
