//! To be written.

super::pending!(Package);
