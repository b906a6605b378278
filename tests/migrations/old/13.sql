-- Old step 13: the newest row drains older servers. Safe to repeat.
CREATE TABLE IF NOT EXISTS "deploy" (
    "id" serial PRIMARY KEY, "deployId" text NOT NULL, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS "deploy_createdAt_idx" ON "deploy" ("createdAt" DESC);
