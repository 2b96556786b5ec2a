//! Limits attempts to guess a password, by account and by address; on the public page, to guess a query
//! code, by number and by address.
//!
//! An attempt counts before it is checked, so that a hundred at once do not slip through, and is
//! taken back when it was right. The counts are in memory: a restart forgives, which costs an
//! attacker nothing but the administrator a restart.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

/// For how long a failure counts.
const WINDOW: Duration = Duration::minutes(15);
/// When to look for entries that no longer count.
const CROWDED: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Who {
    Account(String),
    Address(IpAddr),
}

/// Counts attempts.
pub(crate) struct Throttle {
    per_account: usize,
    per_address: usize,
    attempts: Mutex<HashMap<Who, VecDeque<DateTime<Utc>>>>,
}

impl Throttle {
    pub(crate) fn new(per_account: u32, per_address: u32) -> Self {
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        Self {
            per_account: size(per_account),
            per_address: size(per_address),
            attempts: Mutex::default(),
        }
    }

    /// Counts an attempt, or answers in how many seconds to come back.
    pub(crate) fn attempt(
        &self,
        account: &str,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<(), u64> {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        if attempts.len() > CROWDED {
            attempts.retain(|_, times| times.back().is_some_and(|last| *last + WINDOW > now));
        }
        let whos = self.whos(account, address);
        let waits = whos.iter().filter_map(|(who, limit)| {
            let times = attempts.entry(who.clone()).or_default();
            while times.front().is_some_and(|first| *first + WINDOW <= now) {
                times.pop_front();
            }
            // The oldest of the last `limit` failures must leave the window.
            let blocking = times
                .len()
                .checked_sub(*limit)
                .and_then(|at| times.get(at))?;
            Some((*blocking + WINDOW - now).num_seconds().max(1))
        });
        if let Some(seconds) = waits.max() {
            return Err(seconds.unsigned_abs());
        }
        for (who, _) in whos {
            attempts.entry(who).or_default().push_back(now);
        }
        Ok(())
    }

    /// Takes back an attempt that was right: the account starts anew, the address gets back this
    /// one (an attacker with an account of their own must not clear the address by signing in).
    pub(crate) fn succeeded(&self, account: &str, address: Option<IpAddr>) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts.remove(&Who::Account(account.to_owned()));
        if let Some(address) = address
            && let Some(times) = attempts.get_mut(&Who::Address(network_of(address)))
        {
            times.pop_back();
        }
    }

    /// Takes back an attempt that was neither right nor wrong: a password without its code.
    pub(crate) fn take_back(&self, account: &str, address: Option<IpAddr>) {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        for (who, _) in self.whos(account, address) {
            // `whos` names accounts and networks as `attempt` has counted them.
            if let Some(times) = attempts.get_mut(&who) {
                times.pop_back();
            }
        }
    }

    fn whos(&self, account: &str, address: Option<IpAddr>) -> Vec<(Who, usize)> {
        let account = (Who::Account(account.to_owned()), self.per_account);
        let address = address.map(|address| (Who::Address(network_of(address)), self.per_address));
        std::iter::once(account).chain(address).collect()
    }
}

/// An IPv6 client owns its whole /64.
fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::<Utc>::UNIX_EPOCH + Duration::minutes(minute)
    }

    fn ip(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn an_account_is_blocked_until_its_failures_are_old() {
        let throttle = Throttle::new(3, 100);
        for minute in 0..3 {
            throttle.attempt("li", ip("10.0.0.1"), at(minute)).unwrap();
        }
        assert_eq!(
            throttle.attempt("li", ip("10.0.0.2"), at(3)),
            Err(12 * 60),
            "from anywhere"
        );
        assert!(
            throttle.attempt("wang", ip("10.0.0.1"), at(3)).is_ok(),
            "others may"
        );
        assert!(
            throttle.attempt("li", ip("10.0.0.1"), at(15)).is_ok(),
            "later"
        );
    }

    #[test]
    fn an_address_is_blocked_whatever_names_it_tries() {
        let throttle = Throttle::new(100, 3);
        for name in ["a", "b", "c"] {
            throttle.attempt(name, ip("2001:db8::1"), at(0)).unwrap();
        }
        assert!(
            throttle.attempt("d", ip("2001:db8::2"), at(0)).is_err(),
            "the same network"
        );
        assert!(throttle.attempt("d", ip("2001:db8:1::1"), at(0)).is_ok());
    }

    #[test]
    fn half_a_sign_in_clears_nothing() {
        let throttle = Throttle::new(2, 100);
        throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
        for _ in 0..5 {
            throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
            throttle.take_back("li", ip("10.0.0.1"));
        }
        throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
        assert!(throttle.attempt("li", ip("10.0.0.1"), at(0)).is_err());
    }

    #[test]
    fn a_right_password_clears_the_account_and_only_its_own_try_at_the_address() {
        let throttle = Throttle::new(2, 3);
        throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
        throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
        throttle.succeeded("li", ip("10.0.0.1"));
        throttle.attempt("li", ip("10.0.0.1"), at(0)).unwrap();
        throttle.attempt("wang", ip("10.0.0.1"), at(0)).unwrap();
        assert!(
            throttle.attempt("zhao", ip("10.0.0.1"), at(0)).is_err(),
            "three failures stand"
        );
    }
}
