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

/// Gives back to the system what was freed but kept: after a busy hour that is more than what is in
/// use. Takes some milliseconds.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(unsafe_code, reason = "a call of the C library's allocator")]
    // SAFETY: `malloc_trim` takes one integer and may be called at any time from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}

/// How often that is done.
const GIVEN_BACK_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// Gives memory back now and then, for as long as the server runs.
pub(crate) async fn keep_giving_back() {
    loop {
        tokio::time::sleep(GIVEN_BACK_EVERY).await;
        // Not on a thread that answers requests.
        if actix_web::web::block(give_back).await.is_err() {
            return;
        }
    }
}
