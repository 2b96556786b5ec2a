//! Who is signed in.
//!
//! There is one session a page, so it lives in one place that the fetch layer can reach, too.

use leptos::prelude::*;
use shared::access::{Action, Facts, can};
use shared::account::{Me, Session};
use shared::calendar::Calendar;

use crate::api::{self, Answer, Call, Failure};
use crate::offline;

/// Where the session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Not known yet: the refresh cookie is being tried.
    Unknown,
    /// Nobody is signed in.
    Nobody,
    /// Somebody is.
    Here(Box<Me>),
    /// There is no network; somebody was here before, and the server has not said otherwise.
    Kept(Box<Me>),
    /// Somebody was, and the session ended while they worked: ask for the password, keep the page.
    Ended(Box<Me>),
}

impl Stand {
    /// Who is or was signed in.
    pub(crate) fn me(&self) -> Option<&Me> {
        match self {
            Self::Here(me) | Self::Kept(me) | Self::Ended(me) => Some(me),
            Self::Unknown | Self::Nobody => None,
        }
    }
}

std::thread_local! {
    static STAND: RwSignal<Stand> = RwSignal::new(Stand::Unknown);
}

/// Makes the stand before any page does: what a page makes goes with the page.
pub(crate) fn start() {
    stand();
}

/// The session's stand, to read and to follow.
pub(crate) fn stand() -> RwSignal<Stand> {
    STAND.with(|stand| *stand)
}

/// Who is signed in. Only pages behind the sign-in ask.
pub(crate) fn me() -> Option<Me> {
    stand().with_untracked(|stand| stand.me().cloned())
}

/// Whether the signed-in person may do something that is about no case in particular. Another role
/// opens the pages anew, so nothing has to follow this.
pub(crate) fn may(action: Action) -> bool {
    stand().with_untracked(|stand| {
        stand
            .me()
            .is_some_and(|me| can(&me.actor, action, Facts::None).is_ok())
    })
}

/// The working days that dates are worked out by: the State Council's, with the corrections.
pub(crate) fn calendar() -> Calendar {
    let worked = me().map(|me| me.workdays).unwrap_or_default();
    Calendar::with_corrections(worked.into_iter().map(|day| (day.day, day.worked)))
}

/// A session was opened.
pub(crate) fn opened(session: Session) {
    api::hold_token(Some(session.access_token));
    let me = Box::new(session.user);
    offline::confirmed(&me);
    // A refresh in the middle of work must not draw the page anew.
    if stand().with_untracked(|stand| *stand != Stand::Here(me.clone())) {
        stand().set(Stand::Here(me));
    }
}

/// Somebody who was here before, while there is no network.
pub(crate) fn kept(me: Me) {
    stand().set(Stand::Kept(Box::new(me)));
}

/// The session ended.
pub(crate) fn over() {
    api::hold_token(None);
    stand().update(|stand| {
        *stand = match std::mem::replace(stand, Stand::Unknown) {
            Stand::Here(me) | Stand::Kept(me) | Stand::Ended(me) => Stand::Ended(me),
            Stand::Unknown | Stand::Nobody => Stand::Nobody,
        };
    });
}

/// The server will do nothing else before the initial password is changed.
pub(crate) fn require_password_change() {
    stand().update(|stand| {
        if let Stand::Here(me) = stand {
            me.user.must_change_password = true;
        }
    });
}

/// The server will do nothing else before a second factor is set up.
pub(crate) fn require_second_factor() {
    stand().update(|stand| {
        if let Stand::Here(me) = stand {
            me.must_set_up_second_factor = true;
        }
    });
}

/// Signs out; `everywhere` ends the sessions on other computers, too. What was synced goes at once,
/// and with `drafts` what was written and not sent. Without a network the server hears of it at the
/// next start.
pub(crate) async fn sign_out(everywhere: bool, drafts: bool) -> Answer<()> {
    if everywhere {
        Call::delete("/session/all").done().await?;
        offline::leave(drafts).await;
    } else {
        offline::leave(drafts).await;
        match Call::delete("/session").done().await {
            Err(Failure::Offline) => offline::tell_later(),
            answer => answer?,
        }
    }
    api::hold_token(None);
    stand().set(Stand::Nobody);
    Ok(())
}
