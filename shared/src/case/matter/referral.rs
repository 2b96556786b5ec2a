//! To be written.

super::pending!(Referral);
