//! Makes ids: UUIDv7 as text, so that they rise with time and the application knows them before
//! the database does.

/// A new id.
pub fn new_id() -> String {
    let mut buffer = uuid::Uuid::encode_buffer();
    uuid::Uuid::now_v7()
        .hyphenated()
        .encode_lower(&mut buffer)
        .to_owned()
}

/// The smallest id that could have been made so long ago: ids before it are older.
pub(crate) fn before(age: std::time::Duration) -> String {
    let (seconds, nanos) = uuid::Uuid::now_v7()
        .get_timestamp()
        .map_or((0, 0), |now| now.to_unix());
    let now = std::time::Duration::new(seconds, nanos);
    let millis = now.saturating_sub(age).as_millis();
    format!(
        "{:08x}-{:04x}-7000-8000-000000000000",
        millis >> 16,
        millis & 0xffff
    )
}

/// A new secret of 256 random bits, in URL-safe base64.
pub fn new_secret() -> String {
    use base64::Engine;
    let bytes: [u8; 32] = rand::random();
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn ids_rise_with_time() {
        let now = new_id();
        assert!(before(Duration::from_secs(1)) < now);
        assert!(before(Duration::from_secs(2)) < before(Duration::from_secs(1)));
        assert_eq!(before(Duration::ZERO).len(), now.len());
    }
}
