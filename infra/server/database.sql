-- The database and its two users, who reach nothing else: install.sh runs this as MariaDB's root, after
-- SET @password = '...', @migration_password = '...'. Running it again changes nothing but the passwords that are given.
-- Tested on MariaDB 10.11.
CREATE DATABASE IF NOT EXISTS bhuprahari CHARACTER SET utf8mb4;
-- Who serves: rows, and no table. What an earlier release gave beyond that is taken back.
CREATE USER IF NOT EXISTS 'bhuprahari'@'127.0.0.1' ACCOUNT LOCK;
EXECUTE IMMEDIATE IF(@password IS NULL, 'DO 0', CONCAT('ALTER USER ''bhuprahari''@''127.0.0.1'' IDENTIFIED BY ', QUOTE(@password), ' ACCOUNT UNLOCK'));
GRANT SELECT, INSERT, UPDATE, DELETE ON bhuprahari.* TO 'bhuprahari'@'127.0.0.1';
REVOKE CREATE, ALTER, DROP, INDEX, REFERENCES, CREATE TEMPORARY TABLES, LOCK TABLES, CREATE VIEW, SHOW VIEW, CREATE ROUTINE,
       ALTER ROUTINE, EXECUTE, EVENT, TRIGGER, DELETE HISTORY ON bhuprahari.* FROM 'bhuprahari'@'127.0.0.1';
-- Who migrates: `bhuprahari migrate` alone, whose password root alone can read.
CREATE USER IF NOT EXISTS 'bhuprahari_migrate'@'127.0.0.1' ACCOUNT LOCK;
EXECUTE IMMEDIATE IF(@migration_password IS NULL, 'DO 0', CONCAT('ALTER USER ''bhuprahari_migrate''@''127.0.0.1'' IDENTIFIED BY ', QUOTE(@migration_password), ' ACCOUNT UNLOCK'));
GRANT SELECT, INSERT, UPDATE, DELETE,
      CREATE, ALTER, DROP, INDEX, REFERENCES ON bhuprahari.* TO 'bhuprahari_migrate'@'127.0.0.1';
