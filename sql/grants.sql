-- Who may call what. The roles are the cluster's, and stay after an uninstall. An installer that may not
-- create roles leaves that to somebody who may: see docs/sql.md.
do $$
declare
  v_role  text;
begin
  foreach v_role in array array['rowhook_reader', 'rowhook_operator', 'rowhook_admin'] loop
    if to_regrole(v_role) is null then
      begin
        execute format('create role %I nologin', v_role);
      exception
        when insufficient_privilege then
          null;
        -- another database's install was faster
        when duplicate_object or unique_violation then
          null;
      end;
    end if;
  end loop;
end
$$;

select rowhook.grant_roles();
