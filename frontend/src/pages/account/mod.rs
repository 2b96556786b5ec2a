//! The own account: sign-in, password, what the menu on a phone has no room for.

mod deputies;
pub(crate) mod leave;
pub(crate) mod login;
mod notices;
pub(crate) mod page;
pub(crate) mod password;
