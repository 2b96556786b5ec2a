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
        disabled -> Bool,
        token_version -> BigInt,
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

diesel::allow_tables_to_appear_in_same_query!(units, users, sessions, refresh_tokens);
