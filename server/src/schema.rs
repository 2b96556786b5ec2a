//! The tables as Diesel sees them, written by hand: the same for both databases, so instants are
//! `Timestamp` (UTC) and nothing is wider than what [`crate::db`] lists.

diesel::table! {
    units (id) {
        id -> Text,
        parent_id -> Nullable<Text>,
        kind -> Text,
        name -> Text,
        short_name -> Nullable<Text>,
        responsible_user_id -> Nullable<Text>,
        lead_user_id -> Nullable<Text>,
        position -> Integer,
        closed -> Bool,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
        merged_into -> Nullable<Text>,
        merged_on -> Nullable<Date>,
    }
}

diesel::table! {
    unit_names (id) {
        id -> Text,
        unit_id -> Text,
        name -> Text,
        until -> Date,
    }
}

diesel::table! {
    users (id) {
        id -> Text,
        username -> Text,
        username_key -> Text,
        name -> Text,
        role -> Text,
        unit_id -> Text,
        duty -> Nullable<Text>,
        password_hash -> Text,
        must_change_password -> Bool,
        second_factor -> Bool,
        service -> Bool,
        disabled -> Bool,
        token_version -> BigInt,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    deputations (id) {
        id -> Text,
        township_id -> Text,
        user_id -> Text,
        deputy_id -> Text,
        first_day -> Date,
        last_day -> Date,
        reason -> Nullable<Text>,
        named_by -> Text,
        ended_at -> Nullable<Timestamp>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    sessions (id) {
        id -> Text,
        user_id -> Text,
        created_at -> Timestamp,
        last_used_at -> Timestamp,
        expires_at -> Timestamp,
        ended_at -> Nullable<Timestamp>,
        ended_by -> Nullable<Text>,
        address -> Nullable<Text>,
        method -> Text,
        strong -> Bool,
    }
}

diesel::table! {
    identities (user_id) {
        user_id -> Text,
        issuer -> Text,
        account -> Nullable<Text>,
        subject -> Nullable<Text>,
        shown -> Nullable<Text>,
        created_at -> Timestamp,
        linked_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    sso_attempts (hash) {
        hash -> Text,
        used_at -> Timestamp,
    }
}

diesel::table! {
    refresh_tokens (hash) {
        hash -> Text,
        session_id -> Text,
        issued_at -> Timestamp,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    idempotency_keys (user_id, key, route) {
        user_id -> Text,
        key -> Text,
        route -> Text,
        body_hash -> Text,
        status -> Nullable<Integer>,
        answer -> Nullable<Binary>,
        created_at -> Timestamp,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Text,
        at -> Timestamp,
        user_id -> Nullable<Text>,
        user_name -> Nullable<Text>,
        township_id -> Nullable<Text>,
        action -> Text,
        case_id -> Nullable<Text>,
        sealed -> Bool,
        registrar_only -> Bool,
        detail -> Text,
        address -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

diesel::table! {
    settings (key) {
        key -> Text,
        value -> Text,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    law_profiles (id) {
        id -> Text,
        township_id -> Text,
        in_force_from -> Date,
        profile -> Text,
        created_at -> Timestamp,
        created_by -> Nullable<Text>,
    }
}

diesel::table! {
    generations (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    key_check (id) {
        id -> Integer,
        value -> Text,
    }
}

diesel::joinable!(refresh_tokens -> sessions (session_id));

diesel::joinable!(sessions -> users (user_id));

diesel::joinable!(users -> units (unit_id));

diesel::table! {
    /// As SQLite has it; PostgreSQL's is written with SQL.
    case_search (rowid) {
        rowid -> BigInt,
        terms -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(units, users, sessions, refresh_tokens);

diesel::table! {
    cases (id) {
        id -> Text,
        docid -> BigInt,
        township_id -> Text,
        number -> Text,
        number_key -> Text,
        kind -> Text,
        state -> Text,
        channel -> Text,
        purpose -> Text,
        category -> Text,
        subcategory -> Nullable<Text>,
        severity -> Text,
        procedure -> Text,
        cause -> Text,
        demand -> Nullable<Text>,
        occurred_on -> Nullable<Date>,
        occurred_text -> Nullable<Text>,
        place -> Nullable<Text>,
        unit_concerned -> Nullable<Text>,
        village_id -> Nullable<Text>,
        group_id -> Nullable<Text>,
        people_count -> Integer,
        people_count_text -> Nullable<Text>,
        collective -> Bool,
        development -> Nullable<Text>,
        handling -> Nullable<Text>,
        received_on -> Date,
        entered_at -> Timestamp,
        earlier_case_id -> Nullable<Text>,
        first_receiver_id -> Text,
        registrar_id -> Text,
        registrar_unit_id -> Text,
        responsible_unit_id -> Nullable<Text>,
        responsible_user_id -> Nullable<Text>,
        offered_unit_id -> Nullable<Text>,
        lead_id -> Nullable<Text>,
        lawful_path -> Nullable<Text>,
        outcome -> Nullable<Text>,
        closed_on -> Nullable<Date>,
        backlog -> Bool,
        mediation -> Bool,
        seal -> Text,
        accused_unit_id -> Nullable<Text>,
        accused_user_id -> Nullable<Text>,
        handed_up_to -> Nullable<Text>,
        accepted_before -> Bool,
        extended -> Bool,
        reviewed -> Bool,
        final_answered -> Bool,
        heard -> Nullable<Text>,
        due_on -> Date,
        last_step_on -> Date,
        petitioner -> Nullable<Text>,
        law_profile_id -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
        changed -> BigInt,
    }
}

diesel::table! {
    case_units (case_id, unit_id) {
        case_id -> Text,
        unit_id -> Text,
        since -> Timestamp,
    }
}

diesel::table! {
    case_people (id) {
        id -> Text,
        case_id -> Text,
        position -> Integer,
        role -> Text,
        name -> Text,
        id_number -> Nullable<Binary>,
        id_hash -> Nullable<Text>,
        phone -> Nullable<Binary>,
        phone_hash -> Nullable<Text>,
        address -> Nullable<Text>,
        reason -> Nullable<Text>,
        review_on -> Nullable<Date>,
        follow_up -> Text,
        created_at -> Timestamp,
        contact_hours -> Nullable<Text>,
        do_not_call -> Bool,
        neutral_wording -> Bool,
        trusted_name -> Nullable<Text>,
        trusted_phone -> Nullable<Binary>,
    }
}

diesel::table! {
    case_events (id) {
        id -> Text,
        case_id -> Text,
        seq -> Integer,
        kind -> Text,
        on_day -> Date,
        at -> Timestamp,
        actor_id -> Text,
        actor_name -> Text,
        actor_unit -> Text,
        state -> Text,
        text -> Nullable<Text>,
        data -> Text,
    }
}

diesel::table! {
    case_attachments (id) {
        id -> Text,
        case_id -> Text,
        name -> Text,
        media_type -> Text,
        size -> BigInt,
        hash -> Text,
        at -> Timestamp,
        actor_id -> Text,
        actor_name -> Text,
        removed_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    case_matters (id) {
        id -> Text,
        case_id -> Text,
        township_id -> Text,
        kind -> Text,
        state -> Text,
        state_label -> Text,
        tone -> Text,
        title -> Text,
        open -> Bool,
        opened_on -> Date,
        due_on -> Date,
        due_what -> Nullable<Text>,
        right_on -> Date,
        right_what -> Nullable<Text>,
        unit_id -> Nullable<Text>,
        body -> Text,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    case_papers (id) {
        id -> Text,
        case_id -> Text,
        township_id -> Text,
        kind -> Text,
        number -> Text,
        addressee -> Nullable<Text>,
        person_id -> Nullable<Text>,
        on_day -> Date,
        at -> Timestamp,
        actor_id -> Text,
        actor_name -> Text,
        body -> Text,
        void_at -> Nullable<Timestamp>,
        void_id -> Nullable<Text>,
        void_name -> Nullable<Text>,
        void_reason -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    calendar_feeds (user_id) {
        user_id -> Text,
        token_hash -> Text,
        created_at -> Timestamp,
        last_used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    case_numbers (township_id, series, year) {
        township_id -> Text,
        series -> Text,
        year -> Integer,
        last -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    cases,
    case_units,
    case_people,
    case_events,
    case_matters,
    imports,
    import_rows,
);

diesel::table! {
    imports (id) {
        id -> Text,
        township_id -> Text,
        file -> Text,
        hash -> Text,
        size -> BigInt,
        at -> Timestamp,
        actor_id -> Text,
        actor_name -> Text,
        read -> Integer,
        loaded -> Integer,
        flagged_rows -> Integer,
        duplicates -> Integer,
        undone_at -> Nullable<Timestamp>,
        undone_by -> Nullable<Text>,
    }
}

diesel::table! {
    import_rows (case_id) {
        case_id -> Text,
        import_id -> Text,
        sheet -> Text,
        row_number -> Integer,
        fingerprint -> Text,
        id_hash -> Nullable<Text>,
    }
}

diesel::table! {
    void_numbers (number) {
        number -> Text,
        township_id -> Text,
        import_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    photos (id) {
        id -> Text,
        township_id -> Text,
        media_type -> Text,
        size -> BigInt,
        hash -> Text,
        width -> Integer,
        height -> Integer,
        uploader_id -> Text,
        uploaded_at -> Timestamp,
        owner_kind -> Nullable<Text>,
        owner_id -> Nullable<Text>,
        position -> Integer,
    }
}

diesel::table! {
    reports (id) {
        id -> Text,
        township_id -> Text,
        unit_id -> Text,
        village_id -> Nullable<Text>,
        kind -> Text,
        period_start -> Date,
        period_end -> Date,
        due_at -> Timestamp,
        pending_at -> Timestamp,
        state -> Text,
        author_id -> Nullable<Text>,
        late -> Bool,
        zero -> Bool,
        summary -> Text,
        findings -> Integer,
        open_findings -> Integer,
        first_at -> Nullable<Timestamp>,
        submitted_at -> Nullable<Timestamp>,
        recorded_at -> Nullable<Text>,
        judge_id -> Nullable<Text>,
        judged_at -> Nullable<Timestamp>,
        judged_text -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    report_findings (id) {
        id -> Text,
        report_id -> Text,
        position -> Integer,
        cause -> Text,
        occurred_on -> Nullable<Date>,
        occurred_text -> Nullable<Text>,
        place -> Nullable<Text>,
        unit_concerned -> Nullable<Text>,
        people_count -> Nullable<Integer>,
        key_persons -> Nullable<Text>,
        development -> Nullable<Text>,
        handling -> Nullable<Text>,
        village_id -> Nullable<Text>,
        group_id -> Nullable<Text>,
        category -> Nullable<Text>,
        severity -> Text,
        state -> Text,
        case_id -> Nullable<Text>,
        dismissed_why -> Nullable<Text>,
        origin_id -> Nullable<Text>,
        created_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(reports, report_findings);

diesel::table! {
    notices (id) {
        id -> Text,
        seq -> BigInt,
        user_id -> Text,
        kind -> Text,
        title -> Text,
        body -> Text,
        link -> Text,
        urgent -> Bool,
        once -> Text,
        at -> Timestamp,
        read_at -> Nullable<Timestamp>,
        case_id -> Nullable<Text>,
        live -> Bool,
    }
}

diesel::joinable!(case_matters -> cases (case_id));

diesel::joinable!(import_rows -> cases (case_id));

diesel::joinable!(import_rows -> imports (import_id));

diesel::table! {
    visits (id) {
        id -> Text,
        township_id -> Text,
        unit_id -> Text,
        village_id -> Nullable<Text>,
        group_id -> Nullable<Text>,
        author_id -> Nullable<Text>,
        kind -> Text,
        on_day -> Date,
        claimed_on -> Nullable<Date>,
        recorded_at -> Nullable<Timestamp>,
        entered_at -> Timestamp,
        place -> Nullable<Text>,
        heard -> Text,
        case_id -> Nullable<Text>,
        struck_at -> Nullable<Timestamp>,
        struck_by -> Nullable<Text>,
        struck_why -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    visit_people (visit_id, user_id) {
        visit_id -> Text,
        user_id -> Text,
        position -> Integer,
    }
}

diesel::table! {
    visit_changes (id) {
        id -> Text,
        visit_id -> Text,
        at -> Timestamp,
        actor_id -> Text,
        body -> Text,
    }
}

diesel::table! {
    visit_promises (id) {
        id -> Text,
        visit_id -> Text,
        position -> Integer,
        what -> Text,
        due_on -> Date,
        unit_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
        state -> Text,
        closed_on -> Nullable<Date>,
        closed_text -> Nullable<Text>,
        told -> Nullable<Text>,
        closed_by -> Nullable<Text>,
    }
}

diesel::table! {
    reception_days (id) {
        id -> Text,
        township_id -> Text,
        on_day -> Date,
        from_time -> Text,
        to_time -> Text,
        place -> Text,
        leader_id -> Text,
        instead_of -> Nullable<Text>,
        notice -> Nullable<Text>,
        cancelled -> Bool,
        reason -> Nullable<Text>,
        instead_on -> Nullable<Date>,
        author_id -> Nullable<Text>,
        created_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    reception_staff (day_id, user_id) {
        day_id -> Text,
        user_id -> Text,
        position -> Integer,
    }
}

diesel::table! {
    reception_comers (id) {
        id -> Text,
        day_id -> Text,
        kind -> Text,
        at -> Timestamp,
        recorded_at -> Nullable<Timestamp>,
        received_by -> Text,
        author_id -> Text,
        case_id -> Nullable<Text>,
        topic -> Nullable<Text>,
        answer -> Nullable<Text>,
    }
}

diesel::joinable!(visit_promises -> visits (visit_id));

diesel::allow_tables_to_appear_in_same_query!(reception_days, reception_staff);

diesel::allow_tables_to_appear_in_same_query!(visits, visit_promises, visit_people, cases);

diesel::table! {
    notice_prefs (user_id) {
        user_id -> Text,
        value -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    scheduler_lease (name) {
        name -> Text,
        holder -> Text,
        until -> Timestamp,
    }
}

diesel::table! {
    robots (id) {
        id -> Text,
        township_id -> Text,
        name -> Text,
        kind -> Text,
        address -> Binary,
        secret -> Nullable<Binary>,
        kinds -> Text,
        enabled -> Bool,
        since -> Text,
        paused -> Bool,
        failures -> Integer,
        retry_at -> Nullable<Timestamp>,
        last_at -> Nullable<Timestamp>,
        last_ok -> Nullable<Bool>,
        last_result -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    robot_messages (id) {
        id -> Text,
        robot_id -> Text,
        once -> Text,
        text -> Text,
        at -> Timestamp,
        attempts -> Integer,
        sent_at -> Nullable<Timestamp>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(robots, robot_messages);

diesel::table! {
    alerts (id) {
        id -> Text,
        township_id -> Text,
        unit_id -> Text,
        village_id -> Nullable<Text>,
        author_id -> Nullable<Text>,
        kind -> Text,
        what -> Text,
        place -> Nullable<Text>,
        people_count -> Nullable<Integer>,
        drill -> Bool,
        state -> Text,
        discovered_at -> Timestamp,
        recorded_at -> Nullable<Timestamp>,
        reported_at -> Timestamp,
        acknowledged_at -> Nullable<Timestamp>,
        dispatched_at -> Nullable<Timestamp>,
        closed_at -> Nullable<Timestamp>,
        result -> Nullable<Text>,
        case_id -> Nullable<Text>,
        report_limit -> Integer,
        acknowledge_limit -> Integer,
        dispatch_limit -> Integer,
        told_late -> Integer,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    alert_events (id) {
        id -> Text,
        alert_id -> Text,
        seq -> Integer,
        kind -> Text,
        at -> Timestamp,
        actor_id -> Nullable<Text>,
        actor_name -> Text,
        actor_unit -> Text,
        text -> Nullable<Text>,
        unit_id -> Nullable<Text>,
        user_id -> Nullable<Text>,
    }
}

diesel::table! {
    missed_alerts (id) {
        id -> Text,
        township_id -> Text,
        kind -> Text,
        what -> Text,
        place -> Nullable<Text>,
        discovered_at -> Timestamp,
        unit_id -> Text,
        case_id -> Nullable<Text>,
        author_id -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    provisional_receipts (number) {
        number -> Text,
        case_id -> Text,
        author_id -> Text,
        recorded_at -> Nullable<Timestamp>,
        at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(alerts, alert_events);

diesel::allow_tables_to_appear_in_same_query!(cases, provisional_receipts);

diesel::table! {
    satisfaction (id) {
        id -> Text,
        case_id -> Text,
        event_id -> Text,
        township_id -> Text,
        unit_id -> Nullable<Text>,
        rating -> Text,
        way -> Text,
        words -> Nullable<Text>,
        rated_on -> Date,
        at -> Timestamp,
        author_id -> Nullable<Text>,
        replaced_on -> Nullable<Date>,
    }
}

diesel::table! {
    laws (id) {
        id -> Text,
        township_id -> Nullable<Text>,
        title -> Text,
        link -> Nullable<Text>,
        closed -> Bool,
        position -> Integer,
        version -> BigInt,
    }
}

diesel::table! {
    campaigns (id) {
        id -> Text,
        township_id -> Text,
        unit_id -> Text,
        author_id -> Text,
        on_day -> Date,
        form -> Text,
        village_id -> Nullable<Text>,
        place -> Text,
        audience -> Integer,
        handouts -> Integer,
        summary -> Nullable<Text>,
        entered_at -> Timestamp,
        recorded_at -> Nullable<Timestamp>,
        struck_at -> Nullable<Timestamp>,
        struck_by -> Nullable<Text>,
        struck_why -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    campaign_laws (campaign_id, law_id) {
        campaign_id -> Text,
        law_id -> Text,
        position -> Integer,
    }
}

diesel::allow_tables_to_appear_in_same_query!(cases, satisfaction);

diesel::allow_tables_to_appear_in_same_query!(campaigns, campaign_laws, laws);

diesel::table! {
    assessments (id) {
        id -> Text,
        township_id -> Text,
        year -> Integer,
        kind -> Text,
        village_id -> Text,
        stage -> Text,
        body -> Text,
        total -> Nullable<Integer>,
        vetoed -> Bool,
        named -> Nullable<Bool>,
        reviewed_on -> Nullable<Date>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    targets (township_id, year, goal) {
        township_id -> Text,
        year -> Integer,
        goal -> Text,
        value -> Nullable<Integer>,
        note -> Nullable<Text>,
        author_id -> Text,
        updated_at -> Timestamp,
        version -> BigInt,
    }
}

diesel::table! {
    analyses (township_id, month) {
        township_id -> Text,
        month -> Text,
        opinion -> Nullable<Text>,
        measures -> Nullable<Text>,
        author_id -> Text,
        updated_at -> Timestamp,
        body -> Nullable<Text>,
        issued_by -> Nullable<Text>,
        issued_at -> Nullable<Timestamp>,
        version -> BigInt,
    }
}

diesel::table! {
    criteria_sheets (id) {
        id -> Text,
        township_id -> Text,
        kind -> Text,
        year -> Integer,
        number -> Integer,
        state -> Text,
        body -> Text,
        note -> Nullable<Text>,
        author_id -> Text,
        enforced_by -> Nullable<Text>,
        enforced_at -> Nullable<Timestamp>,
        ground -> Nullable<Text>,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    honours (id) {
        id -> Text,
        assessment_id -> Text,
        kind -> Text,
        title -> Text,
        evidence -> Text,
        state -> Text,
        author_id -> Text,
        proposed_at -> Timestamp,
        decided_by -> Nullable<Text>,
        decided_at -> Nullable<Timestamp>,
        ground -> Nullable<Text>,
        number -> Nullable<Text>,
        version -> BigInt,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Text,
        user_id -> Text,
        hash -> Text,
        hint -> Text,
        name -> Text,
        scopes -> Text,
        addresses -> Text,
        per_minute -> Integer,
        role -> Text,
        token_version -> BigInt,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        revoked_at -> Nullable<Timestamp>,
        last_used_at -> Nullable<Timestamp>,
        last_address -> Nullable<Text>,
    }
}

diesel::table! {
    case_scopes (id) {
        id -> Text,
        seq -> BigInt,
        case_id -> Text,
        docid -> BigInt,
        facts -> Text,
    }
}

diesel::table! {
    backups (id) {
        id -> Text,
        at -> Timestamp,
        scheduled -> Bool,
        file -> Text,
        size -> BigInt,
        row_count -> BigInt,
        file_count -> BigInt,
        error -> Nullable<Text>,
    }
}

diesel::table! {
    audit_seals (seq) {
        seq -> BigInt,
        at -> Timestamp,
        up_to_id -> Text,
        row_count -> BigInt,
        hash -> Text,
    }
}

diesel::table! {
    village_maps (township_id) {
        township_id -> Text,
        body -> Text,
        user_id -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    second_factors (user_id) {
        user_id -> Text,
        secret -> Binary,
        started_at -> Timestamp,
        confirmed_at -> Nullable<Timestamp>,
        last_step -> BigInt,
    }
}

diesel::table! {
    recovery_codes (hash) {
        hash -> Text,
        user_id -> Text,
        used_at -> Nullable<Timestamp>,
    }
}

diesel::table! {
    webhooks (id) {
        id -> Text,
        township_id -> Text,
        owner_id -> Text,
        name -> Text,
        url -> Text,
        secret -> Binary,
        events -> Text,
        case_kinds -> Text,
        village_ids -> Text,
        role -> Text,
        enabled -> Bool,
        since -> Text,
        paused -> Bool,
        failing_since -> Nullable<Timestamp>,
        retry_at -> Nullable<Timestamp>,
        last_at -> Nullable<Timestamp>,
        last_ok -> Nullable<Bool>,
        last_result -> Nullable<Text>,
        version -> BigInt,
        created_at -> Timestamp,
        updated_at -> Timestamp,
    }
}

diesel::table! {
    webhook_outbox (id) {
        id -> Text,
        case_id -> Text,
        kind -> Text,
        at -> Timestamp,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> Text,
        webhook_id -> Text,
        event_id -> Nullable<Text>,
        case_id -> Nullable<Text>,
        kind -> Text,
        occurred_at -> Timestamp,
        state -> Text,
        attempts -> Integer,
        created_at -> Timestamp,
        expires_at -> Timestamp,
        next_at -> Timestamp,
        last_at -> Nullable<Timestamp>,
        status -> Nullable<Integer>,
        result -> Nullable<Text>,
    }
}

diesel::table! {
    webhook_addresses (township_id) {
        township_id -> Text,
        entries -> Text,
        version -> BigInt,
        updated_at -> Timestamp,
    }
}

diesel::allow_tables_to_appear_in_same_query!(webhooks, webhook_deliveries, cases);
