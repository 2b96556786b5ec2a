//! Time, as the server sees it. The only place that asks the system what time it is.
//!
//! Everything else takes its "now" from a [`Clock`], so that tests can stand at the National Day
//! make-up days or on 29 February.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, Utc};

/// Seconds east of Greenwich in Shanghai; no summer time since 1991.
const SHANGHAI_SECONDS: i32 = 8 * 3600;

/// Gives the time. Clones share it.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Source>);

#[derive(Debug)]
enum Source {
    /// The system's clock, moved by so many milliseconds.
    System { offset: i64 },
    /// A clock that stands still until it is set.
    Manual { millis: AtomicI64 },
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Source::System { offset: 0 }))
    }

    /// A clock that shows `start` now and goes on from there at the usual pace.
    pub fn starting_at(start: DateTime<Utc>) -> Self {
        let offset = start.timestamp_millis() - system_millis();
        Self(Arc::new(Source::System { offset }))
    }

    /// A clock that shows `at` until it is set.
    pub fn manual(at: DateTime<Utc>) -> Self {
        Self(Arc::new(Source::Manual {
            millis: AtomicI64::new(at.timestamp_millis()),
        }))
    }

    /// Moves a manual clock; the system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { millis } = &*self.0 {
            millis.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }

    /// Now, to the millisecond (so that what is stored equals what was answered).
    pub fn now(&self) -> DateTime<Utc> {
        let millis = match &*self.0 {
            Source::System { offset } => system_millis() + offset,
            Source::Manual { millis } => millis.load(Ordering::SeqCst),
        };
        DateTime::from_timestamp_millis(millis).unwrap_or_default()
    }

    /// Today in Shanghai, by which the law's days are counted.
    pub fn today(&self) -> NaiveDate {
        day_of(self.now())
    }
}

/// An instant as the clocks of Shanghai show it.
pub(crate) fn shanghai(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    match FixedOffset::east_opt(SHANGHAI_SECONDS) {
        Some(shanghai) => at.with_timezone(&shanghai),
        None => at.fixed_offset(),
    }
}

/// The day in Shanghai to which an instant belongs.
pub fn day_of(at: DateTime<Utc>) -> NaiveDate {
    match FixedOffset::east_opt(SHANGHAI_SECONDS) {
        Some(shanghai) => at.with_timezone(&shanghai).date_naive(),
        None => at.date_naive(),
    }
}

fn system_millis() -> i64 {
    Utc::now().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_turns_at_midnight_in_shanghai() {
        let clock = Clock::manual("2024-02-28T15:59:59.999Z".parse().unwrap());
        assert_eq!(clock.today().to_string(), "2024-02-28");
        clock.advance(Duration::milliseconds(1));
        assert_eq!(clock.today().to_string(), "2024-02-29");
    }

    #[test]
    fn a_moved_clock_goes_on() {
        let start = "2020-01-01T00:00:00Z".parse().unwrap();
        let clock = Clock::starting_at(start);
        let shown = clock.now();
        assert!(shown >= start && shown < start + Duration::seconds(5));
    }
}
