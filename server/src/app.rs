//! Puts the rooms together: the state at the start, the routes, the server.

use std::sync::Arc;

use actix_web::middleware::{Compress, from_fn};
use actix_web::{HttpServer, web};

use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Conn, Db};
use crate::directory::Directory;
use crate::error;
use crate::keys::Keys;
use crate::observe::observe;
use crate::session::throttle::Throttle;
use crate::session::{self, Sessions};
use crate::state::State;
use crate::{
    account, alert, analysis, assessment, audit, case, county, db, deputy, duty, files, health,
    idempotency, import, indicator, keys, memory, metrics, notify, openapi, org, photo, public,
    publicity, receipt, reception, report, satisfaction, second_factor, settings, setup, sso, sync,
    system, tls, token, village_map, visit, webhook,
};

/// The most bytes of a JSON body; files go through multipart.
const JSON_LIMIT: usize = 1024 * 1024;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Database(#[from] db::Error),
    /// The key.
    #[error(transparent)]
    Keys(#[from] keys::Error),
    /// The address.
    #[error("无法监听 {0}：{1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    /// The certificate.
    #[error("{0}")]
    Tls(String),
    /// The server ended by itself.
    #[error("服务异常结束：{0}")]
    Serve(#[from] std::io::Error),
    /// Demo data and real data must not meet.
    #[error("{0}")]
    DemoMix(&'static str),
    /// A query at the start.
    #[error("数据库出错：{0}")]
    Query(#[from] diesel::result::Error),
}

impl State {
    /// Opens database and keys and reads nothing else: what `serve` and the command line share.
    ///
    /// # Errors
    /// The database cannot be opened, or the key is missing or another.
    pub fn open(config: Config, clock: Clock, demo: bool) -> Result<Self, Error> {
        let db = Db::open(&config.database_url(demo), config.storage.pool_size)?;
        db.write_blocking(move |conn| keep_apart(conn, demo))?;
        let keys = Arc::new(Keys::load(&config, demo, &db)?);
        let sessions = Arc::new(Sessions::new(&config, &keys));
        let limits = &config.session;
        let lookups = Throttle::new(limits.account_failures, limits.address_failures);
        let directory = Directory::new(db.clone(), clock.clone(), session::token_life(&config));
        let streams = notify::stream::Hub::new(db.read_blocking(notify::store::last)?);
        let database = if db.is_sqlite() { "sqlite" } else { "postgres" };
        let metrics = config.metrics.metrics_listen;
        Ok(Self {
            metrics: metrics.map(|_| metrics::Metrics::new(database)),
            sso: Arc::new(sso::Sso::new(&config)),
            config: Arc::new(config),
            started_at: clock.now(),
            clock,
            db,
            keys,
            directory,
            sessions,
            lookups: Arc::new(lookups),
            tokens: Arc::default(),
            looks: audit::Looks::default(),
            recent: case::recent::Recent::default(),
            figures: indicator::Figures::default(),
            streams,
            demo,
        })
    }

    /// Forgets what nobody needs any more: old idempotency keys, sessions,
    /// photos of no record.
    ///
    /// # Errors
    /// The database's own.
    pub fn clean_up(&self) -> Result<(), diesel::result::Error> {
        let now = self.clock.now();
        let free = self.db.write_blocking(move |conn| {
            idempotency::clean_up(conn, now)?;
            session::store::forget_before(conn, now - chrono::Duration::days(30))?;
            token::store::forget_before(conn, now - chrono::Duration::days(90))?;
            sso::store::forget_before(conn, now - chrono::Duration::days(1))?;
            photo::clean_up(conn, now)
        })?;
        let directory = files::directory(self);
        for hash in free {
            if let Err(error) = files::forget(&directory, &hash) {
                tracing::warn!(%error, hash, "a photo that nobody needs was not removed");
            }
        }
        Ok(())
    }
}

/// A database is the demo's or real, from its first day on: the demo's well-known password must
/// never open real data, and made-up cases must never stand beside real ones.
fn keep_apart(conn: &mut Conn, demo: bool) -> Result<(), Error> {
    match (demo, settings::store::is_demo(conn)?) {
        (true, true) | (false, false) => Ok(()),
        (false, true) => Err(Error::DemoMix(
            "这是演示数据库，不能用来登记真实事项。请换一个数据库，或用 xinfang serve --demo。",
        )),
        (true, false) if account::store::is_empty(conn)? => Ok(settings::store::mark_demo(conn)?),
        (true, false) => Err(Error::DemoMix(
            "数据目录中的 demo.db 含有非演示数据，演示不会使用它。",
        )),
    }
}

/// All routes. Tests build their app from this, too.
pub fn configure(state: State) -> impl FnOnce(&mut web::ServiceConfig) + Clone {
    move |config| {
        let data = web::Data::new(state);
        config
            .app_data(data)
            .app_data(
                web::JsonConfig::default()
                    .limit(JSON_LIMIT)
                    .error_handler(error::of_json),
            )
            .app_data(web::QueryConfig::default().error_handler(error::of_query))
            .app_data(web::PathConfig::default().error_handler(error::of_path))
            .service(web::scope("/api/v1").configure(rooms))
            .configure(openapi::configure)
            .configure(health::configure)
            .configure(public::routes::configure)
            .configure(sso::routes::pages)
            .default_service(web::to(crate::web::serve));
    }
}

fn rooms(config: &mut web::ServiceConfig) {
    // Patterns are tried in this order; cases are asked for most.
    config
        .configure(case::routes::configure)
        .configure(case::matter::routes::configure)
        .configure(case::paper::routes::configure)
        .configure(case::calendar::routes::configure)
        .configure(case::backlog::configure)
        .configure(case::export::configure)
        .configure(report::export::configure)
        .configure(indicator::export::configure)
        .configure(assessment::export::configure)
        .configure(analysis::routes::configure)
        .configure(case::bulk::configure)
        .configure(indicator::routes::configure)
        .configure(county::routes::configure)
        .configure(photo::routes::configure)
        .configure(report::routes::configure)
        .configure(visit::routes::configure)
        .configure(reception::routes::configure)
        .configure(alert::routes::configure)
        .configure(receipt::routes::configure)
        .configure(satisfaction::routes::configure)
        .configure(publicity::routes::configure)
        .configure(assessment::routes::configure)
        .configure(village_map::routes::configure)
        .configure(sync::routes::configure)
        .configure(session::routes::configure)
        .configure(session::signins::configure)
        .configure(setup::routes::configure)
        .configure(org::routes::configure)
        .configure(org::townships::configure)
        .configure(account::bulk::configure)
        .configure(account::routes::configure)
        .configure(second_factor::routes::configure)
        .configure(sso::routes::configure)
        .configure(duty::routes::configure)
        .configure(deputy::routes::configure)
        .configure(settings::routes::configure)
        .configure(settings::workdays::configure)
        .configure(settings::categories::configure)
        .configure(audit::routes::configure)
        .configure(audit::export::configure)
        .configure(system::routes::configure)
        .configure(token::routes::configure)
        .configure(webhook::routes::configure)
        .configure(notify::routes::configure)
        .configure(import::routes::configure);
}

/// Serves until it is told to stop (SIGTERM, SIGINT), finishes the requests in flight, and writes
/// what is queued. `started` is called once it listens.
///
/// # Errors
/// The address cannot be had.
pub async fn serve(state: State, started: impl FnOnce()) -> Result<(), Error> {
    let listen = state.config.http.listen;
    let shutdown = u64::from(state.config.http.shutdown_seconds);
    let workers = usize::try_from(state.config.http.workers).unwrap_or_default();
    let blocking = usize::try_from(state.config.storage.pool_size.max(2)).unwrap_or(2);
    let (db, looks) = (state.db.clone(), state.looks.clone());
    actix_web::rt::spawn(memory::keep_giving_back());
    actix_web::rt::spawn(looks.clone().keep_settling(db.clone(), state.clock.clone()));
    actix_web::rt::spawn(notify::stream::run(state.clone()));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    actix_web::rt::spawn(notify::robot::run(state.clone(), stopped.clone()));
    let telling = actix_web::rt::spawn(webhook::send::run(state.clone(), stopped.clone()));
    let scheduled = actix_web::rt::spawn(notify::scheduler::run(state.clone(), stopped));
    let streams = state.streams.clone();
    let figures = state.clone();
    let last = state.clone();
    let factory = move || {
        actix_web::App::new()
            // A ledger's page is a tenth of its size then, which a slow line feels. The app's files come
            // compressed already, live events say that they are not to be.
            .wrap(Compress::default())
            .wrap(from_fn(observe))
            .configure(configure(state.clone()))
    };
    let mut server = HttpServer::new(factory)
        .disable_signals()
        .shutdown_timeout(shutdown)
        // Whoever waits for a connection need not wait on a thread of its own.
        .worker_max_blocking_threads(blocking);
    let no_tls = |error: tls::Error| Error::Tls(error.to_string());
    server = match tls::Files::of(&last.config).map_err(no_tls)? {
        Some(files) => {
            let current = tls::Current::open(files).map_err(no_tls)?;
            let config = current.config().map_err(no_tls)?;
            let server = server.bind_rustls_0_23(listen, config);
            actix_web::rt::spawn(current.keep_current());
            server
        }
        None => server.bind(listen),
    }
    .map_err(|e| Error::Listen(listen, e))?;
    if let Some(listen) = last.config.metrics.metrics_listen {
        let metrics = metrics::serve(&last, listen).map_err(|e| Error::Listen(listen, e))?;
        actix_web::rt::spawn(metrics);
    }
    if workers > 0 {
        server = server.workers(workers);
    }
    let running = server.run();
    let handle = running.handle();
    actix_web::rt::spawn(async move {
        told_to_stop().await;
        tracing::info!("stopping: finishing the requests in flight");
        // What never ends by itself.
        streams.close();
        let _ = stop.send(true);
        // A second signal does not wait for them.
        let patient = handle.stop(true);
        tokio::select! {
            () = patient => {}
            () = told_to_stop() => handle.stop(false).await,
        }
    });
    started();
    // So that whoever is first to look at figures need not wait for all cases to be read.
    actix_web::rt::spawn(indicator::warm(figures));
    let ended = running.await;
    // A job that is at work is left alone after a moment: what it did not do is done the next time.
    let both = futures_util::future::join(scheduled, telling);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), both).await;
    if let Err(error) = looks.write_all(&db).await {
        tracing::error!(%error, "the last looks at cases were not noted");
    }
    // Nobody else writes to the file: what is there now is all there is.
    if db.is_sqlite()
        && let Err(error) = audit::seal::run(last, true).await
    {
        tracing::error!(%error, "the audit log was not sealed");
    }
    db.close();
    ended?;
    Ok(())
}

/// Waits for SIGTERM (a service manager) or SIGINT (Ctrl-C).
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut terminate) =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
    {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt => {}
        }
        return;
    }
    let _ = interrupt.await;
}
