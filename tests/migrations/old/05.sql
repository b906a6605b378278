-- Old step 5: deployments, thrown away again by step 16. Safe to repeat.
CREATE TABLE IF NOT EXISTS "deployment" (
    "id" serial PRIMARY KEY, "deploymentId" text NOT NULL, "createdAt" timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL
);
CREATE INDEX IF NOT EXISTS "deployment_createdAt_idx" ON "deployment" ("createdAt" DESC);
