-- The database and its user, who reaches nothing else: install.sh runs this as MariaDB's root, after
-- SET @password = '...'. Running it again changes nothing but the password. Tested on MariaDB 10.11.
CREATE DATABASE IF NOT EXISTS bhuprahari CHARACTER SET utf8mb4;
EXECUTE IMMEDIATE CONCAT('CREATE USER IF NOT EXISTS ''bhuprahari''@''127.0.0.1'' IDENTIFIED BY ', QUOTE(@password));
EXECUTE IMMEDIATE CONCAT('ALTER USER ''bhuprahari''@''127.0.0.1'' IDENTIFIED BY ', QUOTE(@password));
-- The second line is what `migrate` needs.
GRANT SELECT, INSERT, UPDATE, DELETE,
      CREATE, ALTER, DROP, INDEX, REFERENCES ON bhuprahari.* TO 'bhuprahari'@'127.0.0.1';
