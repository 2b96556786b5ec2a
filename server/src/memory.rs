//! How the process keeps memory that it does not need at the moment.

/// Sets the C library's allocator to two arenas. By default it makes one a thread, and each keeps
/// what its thread has given back: with SQLite's page caches that doubled the resident memory.
/// Called once, before the first thread starts.
pub fn set_up() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a setting of the C library, before any thread")]
    // SAFETY: `mallopt` only takes two integers; no other thread runs yet.
    let set = unsafe { libc::mallopt(libc::M_ARENA_MAX, 2) };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    if set == 0 {
        tracing::debug!("the allocator keeps its own number of arenas");
    }
}
