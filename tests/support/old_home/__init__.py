"""A home that was filled by release 548a6ad, kept: every later schema and code must find in it what that release left.

`kept/` has, for each engine, the database as SQL (`sqlite.sql`, `mysql.sql`), what people held and saw when the old
code served alone (`*-held.json`), and what the old code said to that database in a whole trip of a third person
(`*-statements.json`); for both together the images and the secrets, which were drawn for this home and open nothing
else. Nothing in `kept/` is written by hand: `python -m tests.same_as.keep_home` makes it anew.
"""
