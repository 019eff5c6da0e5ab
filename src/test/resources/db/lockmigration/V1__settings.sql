-- What a migration's own session is bound by.
CREATE TABLE bounds AS
  SELECT name || ' ' || setting AS bound FROM pg_settings
  WHERE name IN ('lock_timeout', 'statement_timeout', 'application_name');
