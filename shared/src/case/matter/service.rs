//! To be written.

super::pending!(Service);
