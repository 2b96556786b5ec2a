//! To be written.

super::pending!(Hearing);
