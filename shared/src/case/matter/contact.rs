//! To be written.

super::pending!(Contact);
