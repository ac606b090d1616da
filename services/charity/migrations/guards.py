"""Guards that migrations of the books share. Every guard answers with a check violation that names its constraint, so
that callers can tell them apart."""

GUARDS = """
CREATE FUNCTION breach(guard text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'refused by %', guard USING ERRCODE = 'check_violation', CONSTRAINT = guard;
END $$;
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM breach(TG_TABLE_NAME || '_append_only');
    RETURN NULL;
END $$;
"""


def append_only(table: str) -> str:
    """SQL that lets rows be added to `table` and never changed, by nobody; also without the rights to do so."""
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change();"
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();"
        f"DO $$ DECLARE role name; BEGIN"
        f" FOR role IN SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)"
        f" WHERE oid = '{table}'::regclass AND grantee <> 0 AND grantee <> relowner LOOP"
        f" EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM %I', role); END LOOP; END $$;"
    )
