-- Expand: the new column. The trigger keeps both columns equal while earlier versions write the old one.
ALTER TABLE generations ADD COLUMN excluded_prompt text;
CREATE FUNCTION copy_excluded_prompt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.excluded_prompt := coalesce(NEW.excluded_prompt, NEW.negative_prompt);
    NEW.negative_prompt := NEW.excluded_prompt;
    RETURN NEW;
END $$;
CREATE TRIGGER copy_excluded_prompt BEFORE INSERT ON generations FOR EACH ROW EXECUTE FUNCTION copy_excluded_prompt();
