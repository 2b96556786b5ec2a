//! Which scope each route asks of a token: every route of the OpenAPI document, once. A route that is
//! not here is not for tokens; a test compares this table with the document.
//!
//! Never for tokens: signing in, accounts, units, settings, tokens, webhooks, robots; numbers in full
//! (they are shown on a click, with a reason); what is the app's own (live events, a phone's bundle, the
//! calendar's address).

use std::collections::HashMap;
use std::sync::LazyLock;

use shared::token::TokenScope;

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// A token with this scope, or a sign-in.
    Scope(TokenScope),
    /// A sign-in; no token will do.
    Session,
    /// Nothing: it is open to all, or has a secret of its own.
    Open,
}

use TokenScope as S;

/// Method and path below `/api/v1`.
const ROUTES: &[(Need, &[&str])] = &[
    (
        Need::Scope(S::CasesRead),
        &[
            "GET /cases",
            "POST /cases/similar",
            "GET /cases/{id}",
            "GET /cases/{id}/actions",
            "GET /cases/{id}/events",
            "GET /cases/{id}/receipt",
            "GET /cases/{id}/people",
            "GET /cases/{id}/attachments",
            "GET /cases/{id}/attachments/{aid}",
            "GET /cases/{id}/documents",
            "GET /cases/{id}/documents/{did}",
            "GET /cases/{id}/documents/{did}/docx",
            "GET /cases/{id}/field-visits",
            "GET /cases/{id}/satisfaction",
            "GET /cases/{id}/matters",
            "GET /cases/{id}/services",
            "GET /cases/{id}/services/{mid}",
            "GET /cases/{id}/hearings",
            "GET /cases/{id}/hearings/{mid}",
            "GET /cases/{id}/referrals",
            "GET /cases/{id}/referrals/{mid}",
            "GET /cases/{id}/orders",
            "GET /cases/{id}/orders/{mid}",
            "GET /cases/{id}/packages",
            "GET /cases/{id}/packages/{mid}",
            "GET /cases/{id}/measures",
            "GET /cases/{id}/measures/{mid}",
            "GET /cases/{id}/visits",
            "GET /cases/{id}/visits/{mid}",
            "GET /cases/{id}/mediations",
            "GET /cases/{id}/mediations/{mid}",
            "GET /cases/{id}/contacts",
            "GET /cases/{id}/contacts/{mid}",
            "GET /cases/{id}/escalations",
            "GET /cases/{id}/escalations/{mid}",
            "GET /county/handed-up",
            "GET /matters",
            "GET /orders",
            "GET /measures",
            "GET /backlog",
            "GET /backlog/proposals",
            "GET /calendar",
            "GET /receipts/{number}",
            "GET /exports/ledger.{format}",
            "GET /exports/cases.ndjson",
            // Figures by themselves name no case; these lead to cases.
            "GET /dashboard",
            "GET /indicators/cases",
            "GET /villages/standing/cases",
            "GET /indicators/records",
            "GET /follow-ups",
            "GET /analyses/{month}",
            "GET /analyses/{month}/docx",
        ],
    ),
    (
        Need::Scope(S::CasesWrite),
        &[
            "POST /cases",
            "POST /cases:batch",
            "PATCH /cases/{id}",
            "POST /cases/{id}/actions/{action}",
            "POST /cases/{id}/people",
            "PATCH /cases/{id}/people/{pid}",
            "DELETE /cases/{id}/people/{pid}",
            "POST /cases/{id}/attachments",
            "DELETE /cases/{id}/attachments/{aid}",
            "POST /cases/{id}/documents",
            "POST /cases/{id}/documents/{did}/void",
            "POST /cases/{id}/satisfaction",
            "POST /cases/{id}/services",
            "POST /cases/{id}/services/{mid}/steps/{step}",
            "POST /cases/{id}/hearings",
            "POST /cases/{id}/hearings/{mid}/steps/{step}",
            "POST /cases/{id}/referrals",
            "POST /cases/{id}/referrals/{mid}/steps/{step}",
            "POST /cases/{id}/orders",
            "POST /cases/{id}/orders/{mid}/steps/{step}",
            "POST /cases/{id}/packages",
            "POST /cases/{id}/packages/{mid}/steps/{step}",
            "POST /cases/{id}/measures",
            "POST /cases/{id}/measures/{mid}/steps/{step}",
            "POST /cases/{id}/visits",
            "POST /cases/{id}/visits/{mid}/steps/{step}",
            "POST /cases/{id}/mediations",
            "POST /cases/{id}/mediations/{mid}/steps/{step}",
            "POST /cases/{id}/contacts",
            "POST /cases/{id}/contacts/{mid}/steps/{step}",
            "POST /cases/{id}/escalations",
            "POST /cases/{id}/escalations/{mid}/steps/{step}",
            "PATCH /analyses/{month}",
            "POST /analyses/{month}/issue",
        ],
    ),
    (
        Need::Scope(S::ReportsRead),
        &[
            "GET /reports",
            "GET /reports/board",
            "GET /reports/{id}",
            "GET /exports/reports.{format}",
            "GET /exports/report-board.{format}",
        ],
    ),
    (
        Need::Scope(S::ReportsWrite),
        &[
            "POST /reports/submit",
            "PATCH /reports/{id}",
            "POST /reports/{id}/actions/{action}",
            "POST /reports/{id}/findings/{finding}/case",
            "POST /reports/{id}/findings/{finding}/join",
            "POST /reports/{id}/findings/{finding}/dismiss",
        ],
    ),
    (
        Need::Scope(S::VisitsRead),
        &[
            "GET /visits",
            "GET /visits/coverage",
            "GET /visits/{id}",
            "GET /promises",
            "GET /reception-days",
            "GET /reception-days/{id}",
        ],
    ),
    (
        Need::Scope(S::VisitsWrite),
        &[
            "POST /visits",
            "PATCH /visits/{id}",
            "POST /visits/{id}/actions/strike",
            "POST /visits/{id}/case",
            "POST /visits/{id}/promises/{pid}/keep",
            "POST /visits/{id}/promises/{pid}/release",
            "POST /reception-days",
            "POST /reception-days/roster",
            "PATCH /reception-days/{id}",
            "POST /reception-days/{id}/visitors",
            "POST /reception-days/{id}/actions/cancel",
            "POST /reception-days/{id}/actions/substitute",
        ],
    ),
    (
        Need::Scope(S::AlertsRead),
        &[
            "GET /alerts",
            "GET /alerts/missed",
            "GET /alerts/rate",
            "GET /alerts/{id}",
        ],
    ),
    (
        Need::Scope(S::AlertsWrite),
        &[
            "POST /alerts",
            "POST /alerts/missed",
            "POST /alerts/{id}/case",
            "POST /alerts/{id}/steps/{step}",
        ],
    ),
    (
        Need::Scope(S::IndicatorsRead),
        &[
            "GET /figures",
            "GET /county/figures",
            "GET /indicators",
            "GET /villages/standing",
            "GET /targets",
            "GET /village-map",
            "GET /exports/indicators.{format}",
            "GET /exports/standing.{format}",
            "GET /exports/targets.{format}",
        ],
    ),
    (
        Need::Scope(S::IndicatorsWrite),
        &["PATCH /targets/{year}/{goal}"],
    ),
    (
        Need::Scope(S::PublicityRead),
        &[
            "GET /publicity",
            "GET /publicity/coverage",
            "GET /publicity/{id}",
            "GET /laws",
        ],
    ),
    (
        Need::Scope(S::PublicityWrite),
        &[
            "POST /publicity",
            "PATCH /publicity/{id}",
            "POST /publicity/{id}/actions/strike",
            "POST /laws",
            "PATCH /laws/{id}",
        ],
    ),
    (
        Need::Scope(S::AssessmentsRead),
        &[
            "GET /assessments",
            "GET /assessments/{id}",
            "GET /criteria-sheets",
            "GET /criteria-sheets/{id}",
            "GET /exports/assessments.{format}",
            "GET /exports/assessments/{id}/sheet.{format}",
        ],
    ),
    (
        Need::Scope(S::AssessmentsWrite),
        &[
            "POST /assessments",
            "POST /assessments/{id}/steps/{step}",
            "POST /assessments/{id}/honours",
            "POST /honours/{id}/steps/{step}",
            "POST /criteria-sheets",
            "PATCH /criteria-sheets/{id}",
            "POST /criteria-sheets/{id}/enforce",
        ],
    ),
    (
        Need::Scope(S::ImportsRead),
        &[
            "GET /imports",
            "GET /imports/{id}",
            "GET /imports/{id}/file",
        ],
    ),
    (
        Need::Scope(S::ImportsWrite),
        &[
            "POST /imports/ledger",
            "POST /imports/ledger/marked",
            "POST /imports/{id}/undo",
        ],
    ),
    (Need::Scope(S::PhotosRead), &["GET /photos/{id}"]),
    (Need::Scope(S::PhotosWrite), &["POST /photos"]),
    (
        Need::Scope(S::NotificationsRead),
        &["GET /notifications", "GET /me/notification-settings"],
    ),
    (
        Need::Scope(S::NotificationsWrite),
        &[
            "POST /notifications/read-all",
            "POST /notifications/{id}/read",
        ],
    ),
    (
        Need::Scope(S::OrgRead),
        &[
            "GET /me",
            "GET /org-units",
            "GET /org-units/{id}",
            "GET /users",
            "GET /users/{id}",
            "GET /users/colleagues",
        ],
    ),
    (
        Need::Scope(S::SettingsRead),
        &[
            "GET /settings",
            "GET /settings/law-profiles",
            "GET /settings/workdays",
            "GET /categories",
            "GET /notification-robots",
            "GET /notification-robots/{id}",
        ],
    ),
    (
        Need::Scope(S::AuditRead),
        &["GET /audit", "GET /exports/audit.{format}"],
    ),
    (
        Need::Session,
        &[
            "DELETE /session",
            "DELETE /session/all",
            "GET /sessions",
            "DELETE /sessions/{id}",
            "POST /me/password",
            "GET /me/second-factor",
            "POST /me/second-factor",
            "POST /me/second-factor/confirm",
            "POST /me/second-factor/off",
            "POST /me/second-factor/recovery-codes",
            "DELETE /users/{id}/second-factor",
            "GET /me/identity",
            "POST /me/identity",
            "DELETE /me/identity",
            "GET /users/{id}/identity",
            "PUT /users/{id}/identity",
            "DELETE /users/{id}/identity",
            "GET /users/import/template",
            "POST /users/import",
            "GET /users/{id}/duties",
            "POST /users/{id}/duties/hand-over",
            "GET /deputations",
            "POST /deputations",
            "GET /deputations/{id}",
            "PATCH /deputations/{id}",
            "DELETE /deputations/{id}",
            "PUT /me/notification-settings",
            "POST /cases/{id}/people/{pid}/reveal",
            "GET /calendar/feed",
            "POST /calendar/feed",
            "DELETE /calendar/feed",
            "GET /events",
            "POST /sync",
            "POST /townships",
            "POST /org-units",
            "PATCH /org-units/{id}",
            "GET /org-units/{id}/merge",
            "POST /org-units/{id}/merge",
            "POST /users",
            "PATCH /users/{id}",
            "POST /users/{id}/reset-password",
            "PATCH /settings",
            "POST /village-map",
            "PATCH /village-map",
            "DELETE /village-map",
            "POST /settings/law-profiles",
            "POST /settings/workdays",
            "POST /categories",
            "PATCH /categories/{code}",
            "DELETE /settings/workdays/{day}",
            "POST /notification-robots",
            "PATCH /notification-robots/{id}",
            "DELETE /notification-robots/{id}",
            "POST /notification-robots/{id}/test",
            "GET /tokens",
            "POST /tokens",
            "DELETE /tokens/{id}",
            "GET /webhooks",
            "POST /webhooks",
            "GET /webhooks/{id}",
            "PATCH /webhooks/{id}",
            "DELETE /webhooks/{id}",
            "POST /webhooks/{id}/test",
            "POST /webhooks/{id}/secret",
            "GET /webhooks/{id}/deliveries",
            "POST /webhooks/{id}/deliveries/{did}/redeliver",
            "GET /webhook-addresses",
            "PUT /webhook-addresses",
            "GET /system",
        ],
    ),
    (
        Need::Open,
        &[
            "POST /session",
            "POST /session/refresh",
            "GET /setup",
            "POST /setup",
            "GET /calendar/feeds/{token}",
            "GET /health/live",
            "GET /health/ready",
        ],
    ),
];

/// What a parameter is called, and what it may look like, is no matter.
fn key(method: &str, path: &str) -> String {
    let mut key = format!("{method} ");
    let mut inside = false;
    for c in path.chars() {
        match c {
            '{' => {
                inside = true;
                key.push_str("{}");
            }
            '}' => inside = false,
            c if !inside => key.push(c),
            _ => {}
        }
    }
    key
}

fn whole(route: &str) -> Option<(&str, String)> {
    let (method, path) = route.split_once(' ')?;
    let base = if path.starts_with("/health/") {
        ""
    } else {
        "/api/v1"
    };
    Some((method, format!("{base}{path}")))
}

/// What a route asks for; `path` is its whole pattern. None where the table does not know it.
pub(crate) fn of(method: &str, path: &str) -> Option<Need> {
    static NEEDS: LazyLock<HashMap<String, Need>> = LazyLock::new(|| {
        let lines = ROUTES
            .iter()
            .flat_map(|(need, routes)| routes.iter().map(move |route| (*need, route)));
        lines
            .filter_map(|(need, route)| {
                let (method, path) = whole(route)?;
                Some((key(method, &path), need))
            })
            .collect()
    });
    NEEDS.get(&key(method, path)).copied()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::term::Term;

    use super::*;

    /// The operations of the document: method, path, whether a sign-in is asked for.
    fn documented() -> Vec<(String, String, bool)> {
        let document: serde_json::Value = serde_json::from_str(crate::openapi::text()).unwrap();
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let secured = !operation["security"].is_null();
                operations.push((method.to_uppercase(), path.clone(), secured));
            }
        }
        operations
    }

    #[test]
    fn every_route_of_the_document_belongs_to_one_scope() {
        let mut listed: Vec<String> = ROUTES
            .iter()
            .flat_map(|(_, routes)| routes.iter())
            .map(|route| {
                let (method, path) = whole(route).unwrap();
                key(method, &path)
            })
            .collect();
        let count = listed.len();
        listed.sort();
        listed.dedup();
        assert_eq!(listed.len(), count, "a route stands in the table twice");
        let documented: BTreeSet<String> = documented()
            .iter()
            .map(|(method, path, _)| key(method, path))
            .collect();
        let listed: BTreeSet<String> = listed.into_iter().collect();
        let missing: Vec<_> = documented.difference(&listed).collect();
        assert!(
            missing.is_empty(),
            "name the scope of these in server/src/token/needs.rs: {missing:?}"
        );
        let gone: Vec<_> = listed.difference(&documented).collect();
        assert!(gone.is_empty(), "no such routes: {gone:?}");
    }

    #[test]
    fn what_needs_no_sign_in_needs_no_token() {
        for (method, path, secured) in documented() {
            // By the refresh cookie, or by the token whose sign-in it ends.
            if path == "/api/v1/session" && method == "DELETE" {
                continue;
            }
            let open = of(&method, &path) == Some(Need::Open);
            assert_eq!(open, !secured, "{method} {path}");
        }
    }

    /// A scope to read gives nothing that writes; accounts, settings, tokens are never written.
    #[test]
    fn scopes_keep_reading_and_writing_apart() {
        let asks = ["POST /cases/similar"];
        let never = [
            "/session",
            "/sessions",
            "/setup",
            "/users",
            "/deputations",
            "/org-units",
            "/settings",
            "/tokens",
            "/webhooks",
            "/notification-robots",
            "/me",
        ];
        for (need, routes) in ROUTES {
            for route in *routes {
                let (method, path) = route.split_once(' ').unwrap();
                let writes = method != "GET" && !asks.contains(route);
                if let Need::Scope(scope) = need {
                    assert_eq!(scope.code().ends_with(":write"), writes, "{route}");
                    let of_never = never
                        .iter()
                        .any(|root| path == *root || path.starts_with(&format!("{root}/")));
                    assert!(!(writes && of_never), "{route}");
                }
            }
        }
    }

    #[test]
    fn every_scope_is_good_for_something() {
        for scope in TokenScope::ALL {
            let some = ROUTES.iter().any(|(need, _)| *need == Need::Scope(*scope));
            assert!(some, "{scope:?}");
        }
    }
}
