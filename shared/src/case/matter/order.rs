//! To be written.

super::pending!(Order);
