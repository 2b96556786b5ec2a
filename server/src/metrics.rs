//! `/metrics` for Prometheus, on an address of its own: what is asked of the server, how long it takes, and
//! how the installation stands. Labels are route patterns, methods, statuses and names of jobs; there are
//! no ids, no names, no addresses of anybody in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{App, HttpResponse, HttpServer, web};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use shared::system::{QueueKind, System};
use shared::term::Term;

use crate::state::State;
use crate::{system, tls};

const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Upper ends of the histogram, in seconds.
const BUCKETS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Job {
    job: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Queue {
    queue: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// What is counted. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<Asked, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    jobs: Family<Job, Counter>,
    queues: Family<Queue, Gauge>,
    commits: Counter,
    database: Gauge,
    files: Gauge,
    disk_free: Gauge,
    backup_age: Seconds,
    backup_overdue: Gauge,
    seals: Counter,
    certificate: Seconds,
}

fn histogram() -> Histogram {
    Histogram::new(BUCKETS)
}

/// A method that the API knows; whatever else a client invents is one.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new(database: &'static str) -> Self {
        let mut registry = Registry::with_prefix("xinfang");
        let inner = Inner {
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            jobs: Family::default(),
            queues: Family::default(),
            commits: Counter::default(),
            database: Gauge::default(),
            files: Gauge::default(),
            disk_free: Gauge::default(),
            backup_age: Gauge::default(),
            backup_overdue: Gauge::default(),
            seals: Counter::default(),
            certificate: Gauge::default(),
            registry: Registry::default(),
        };
        let info = Info::new([
            ("version", env!("CARGO_PKG_VERSION")),
            ("database", database),
        ]);
        registry.register("build", "The program and its database", info);
        registry.register("http_requests", "Requests answered", inner.requests.clone());
        registry.register_with_unit(
            "http_request",
            "How long an answer took",
            Unit::Seconds,
            inner.seconds.clone(),
        );
        registry.register("job_runs", "Runs of scheduled jobs", inner.jobs.clone());
        registry.register("queue_length", "What waits", inner.queues.clone());
        registry.register("commits", "Commits of the writer", inner.commits.clone());
        let bytes = [
            ("database", "Size of the database", &inner.database),
            (
                "files",
                "Size of attachments, photos and workbooks",
                &inner.files,
            ),
            (
                "disk_free",
                "Free space at the data directory",
                &inner.disk_free,
            ),
        ];
        for (name, help, gauge) in bytes {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
        registry.register_with_unit(
            "backup_age",
            "Age of the last backup; -1 where there is none",
            Unit::Seconds,
            inner.backup_age.clone(),
        );
        registry.register(
            "backup_overdue",
            "1 where somebody should look after backups",
            inner.backup_overdue.clone(),
        );
        registry.register("audit_seals", "Seals of the audit log", inner.seals.clone());
        registry.register_with_unit(
            "tls_certificate_expiry_timestamp",
            "When the certificate ends; 0 without one",
            Unit::Seconds,
            inner.certificate.clone(),
        );
        Self(Arc::new(Inner { registry, ..inner }))
    }

    /// Counts a request. `route` is its pattern; none where it met no route.
    pub(crate) fn answered(
        &self,
        method: &Method,
        route: Option<String>,
        status: u16,
        took: Duration,
    ) {
        let method = known(method);
        let route = route
            .filter(|route| !route.is_empty())
            .unwrap_or_else(|| "none".to_owned());
        self.0
            .seconds
            .get_or_create(&Route {
                method,
                route: route.clone(),
            })
            .observe(took.as_secs_f64());
        self.0
            .requests
            .get_or_create(&Asked {
                method,
                route,
                status,
            })
            .inc();
    }

    /// Counts a run of a job.
    pub(crate) fn ran(&self, job: &'static str, well: bool) {
        let result = if well { "ok" } else { "error" };
        self.0.jobs.get_or_create(&Job { job, result }).inc();
    }

    /// Takes in how the installation stands.
    fn set(&self, standing: &System, commits: u64, certificate: Option<i64>) {
        let inner = &self.0;
        let size = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        inner.database.set(size(standing.database.size_bytes));
        inner.files.set(size(standing.files.size_bytes));
        inner
            .disk_free
            .set(standing.disk_free_bytes.map_or(0, size));
        inner
            .backup_age
            .set(standing.backup.age_seconds.map_or(-1.0, |age| age as f64));
        inner.backup_overdue.set(i64::from(standing.backup.overdue));
        for queue in &standing.queues {
            let label = Queue {
                queue: QueueKind::code(queue.kind),
            };
            inner.queues.get_or_create(&label).set(size(queue.length));
        }
        inner.commits.inner().store(commits, Ordering::Relaxed);
        inner
            .seals
            .inner()
            .store(standing.audit.seals, Ordering::Relaxed);
        inner.certificate.set(certificate.unwrap_or(0) as f64);
    }

    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0.registry)?;
        Ok(text)
    }
}

/// Serves `/metrics` and nothing else, until the process ends.
///
/// # Errors
/// The address cannot be had.
pub(crate) fn serve(
    state: &State,
    listen: std::net::SocketAddr,
) -> std::io::Result<actix_web::dev::Server> {
    let data = web::Data::new(state.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .service(web::resource("/metrics").route(web::get().to(show)))
    });
    Ok(server
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .bind(listen)?
        .run())
}

async fn show(state: web::Data<State>) -> HttpResponse {
    let Some(metrics) = &state.metrics else {
        return HttpResponse::NotFound().finish();
    };
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::warn!(%error, "no metrics");
        HttpResponse::ServiceUnavailable().finish()
    };
    let standing = match system::standing(&state).await {
        Ok(standing) => standing,
        Err(error) => return unavailable(&error),
    };
    let certificate = tls::expiry(&state.config);
    metrics.set(&standing, state.db.commits(), certificate);
    match metrics.text() {
        Ok(text) => HttpResponse::Ok()
            .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
            .body(text),
        Err(error) => unavailable(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_pattern_and_strange_methods_together() {
        let metrics = Metrics::new("sqlite");
        let get = |status, took| {
            metrics.answered(
                &Method::GET,
                Some("/api/v1/cases/{id}".to_owned()),
                status,
                Duration::from_millis(took),
            );
        };
        get(200, 3);
        get(200, 300);
        get(404, 1);
        let strange = Method::from_bytes(b"FROBNICATE").unwrap();
        metrics.answered(&strange, None, 405, Duration::ZERO);
        metrics.ran("reports", true);
        metrics.ran("reports", false);
        let text = metrics.text().unwrap();
        for line in [
            "xinfang_http_requests_total{method=\"GET\",route=\"/api/v1/cases/{id}\",status=\"200\"} 2",
            "xinfang_http_requests_total{method=\"GET\",route=\"/api/v1/cases/{id}\",status=\"404\"} 1",
            "xinfang_http_requests_total{method=\"other\",route=\"none\",status=\"405\"} 1",
            "xinfang_http_request_seconds_bucket{le=\"0.005\",method=\"GET\",route=\"/api/v1/cases/{id}\"} 2",
            "xinfang_http_request_seconds_count{method=\"GET\",route=\"/api/v1/cases/{id}\"} 3",
            "xinfang_job_runs_total{job=\"reports\",result=\"ok\"} 1",
            "xinfang_job_runs_total{job=\"reports\",result=\"error\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
