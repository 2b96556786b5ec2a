//! xinfang
fn main() {}
