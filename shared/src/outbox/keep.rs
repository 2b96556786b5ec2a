//! How long a phone may show what it has synced: [`KEEP_SYNCED_DAYS`] without a sign-in or a refresh,
//! then it is wiped. Drafts that wait are not.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Days without a sign-in after which what was synced is wiped.
pub const KEEP_SYNCED_DAYS: i64 = 14;

/// What a phone knows of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When somebody last signed in or their session was refreshed, by the server's clock.
    pub signed_in: DateTime<Utc>,
    /// The greatest time that was seen since, by the server's clock as far as it is known: a phone
    /// whose clock is set back gains nothing.
    pub greatest: DateTime<Utc>,
    /// By how many seconds the server's clock is ahead of the phone's.
    pub ahead: i64,
}

impl Seen {
    /// The server has just confirmed the session.
    pub fn confirmed(server: DateTime<Utc>, phone: DateTime<Utc>) -> Self {
        Self {
            signed_in: server,
            greatest: server,
            ahead: (server - phone).num_seconds(),
        }
    }

    /// Looks at the phone's clock; `awake` is how long the app has been running since the last look,
    /// which a clock cannot take back.
    pub fn look(&mut self, phone: DateTime<Utc>, awake: Duration) {
        let by_clock = phone + Duration::seconds(self.ahead);
        let by_waking = self.greatest + awake.max(Duration::zero());
        self.greatest = self.greatest.max(by_clock).max(by_waking);
    }

    /// Whether what was synced has to go.
    pub fn is_over(&self) -> bool {
        self.greatest - self.signed_in > Duration::days(KEEP_SYNCED_DAYS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(20_000 + day)
    }

    #[test]
    fn fourteen_days_are_kept_and_the_fifteenth_is_not() {
        for (days, over) in [(0, false), (14, false), (15, true)] {
            let mut seen = Seen::confirmed(day(0), day(0));
            seen.look(day(days), Duration::zero());
            assert_eq!(seen.is_over(), over, "{days}");
        }
    }

    #[test]
    fn a_clock_set_back_does_not_give_more_time() {
        let mut seen = Seen::confirmed(day(0), day(0));
        seen.look(day(13), Duration::zero());
        seen.look(day(1), Duration::zero());
        assert_eq!(seen.greatest, day(13));
        // Two days of work with the clock set back.
        seen.look(day(1), Duration::days(2));
        assert!(seen.is_over());
    }

    #[test]
    fn a_phone_that_is_a_day_wrong_is_reckoned_by_the_server() {
        for wrong in [-1, 1] {
            let mut seen = Seen::confirmed(day(0), day(wrong));
            seen.look(day(14 + wrong), Duration::zero());
            assert_eq!(seen.greatest, day(14));
            assert!(!seen.is_over());
        }
    }

    #[test]
    fn a_confirmation_puts_a_clock_right_that_was_ahead() {
        let mut seen = Seen::confirmed(day(0), day(0));
        seen.look(day(400), Duration::zero());
        assert!(seen.is_over());
        seen = Seen::confirmed(day(1), day(1));
        assert!(!seen.is_over());
    }
}
