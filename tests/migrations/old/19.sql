-- Old step 19. Safe to repeat.
ALTER TABLE "log" ALTER COLUMN "environmentType" DROP DEFAULT;
