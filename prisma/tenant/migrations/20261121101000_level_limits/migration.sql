-- How many of something there are, beside the rows that it counts: admission is one conditional UPDATE in the record's own transaction.
CREATE TABLE "level_limit" (
    "meter" TEXT NOT NULL,
    "used" DECIMAL(42,12) NOT NULL,
    CONSTRAINT "level_limit_pkey" PRIMARY KEY ("meter"),
    CONSTRAINT "level_limit_not_negative" CHECK ("used" >= 0)
);
