//! The OpenAPI document, merged from the rooms', and the pages that show it. Each room says what is its
//! own; what follows from an operation's form is added here ([`form`]), and examples that the API tests
//! have seen ([`examples`]). The tests compare every answer with it (`tests/src/contract.rs`).

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    account, alert, analysis, assessment, audit, case, county, deputy, duty, health, import,
    indicator, notify, org, photo, publicity, receipt, reception, report, satisfaction,
    second_factor, session, settings, setup, sso, sync, system, token, village_map, visit, webhook,
};

mod examples;
mod form;
mod parameters;
mod roles;

/// Where the document is.
const PATH: &str = "/api/openapi.json";

/// Swagger UI sets styles from its scripts; nothing else is loosened, and only for its pages.
pub(crate) const DOCS_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; \
     base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// What stands at the head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "信访三无工作台 API",
        description = "乡镇信访事项台账。所有错误为 application/problem+json（RFC 9457），`code` 稳定不变。\
            列表用键集分页：`limit`、`cursor`。修改须带 `If-Match`，新增可带 `Idempotency-Key`。\n\n\
            每个接口的 `x-scope` 是令牌需要的权限，`session` 表示只能登录后使用，`open` 表示不需要登录；\
            每种错误的 `x-codes` 列出它可能的 `code`。\n\n\
            谁可以用，见接口的 `x-roles`：每个角色后面是它和事项的关系，`own` 本人本单位经办或看得到的，\
            `foreign` 其他单位的，`sealed` 检举控告本单位的，`sealed_own` 检举控告其他单位而由本单位经办的，\
            `any` 与事项无关，`county` 只限县级的；清单列出的是其中会出现哪些；分步骤的接口按步骤列出。没有列出的角色不能用。这张表由测试逐项请求得出。",
    ),
    tags(
        (name = "setup", description = "初始设置"),
        (name = "session", description = "登录与本人"),
        (name = "cases", description = "事项"),
        (name = "people", description = "事项人员"),
        (name = "attachments", description = "附件"),
        (name = "photos", description = "照片"),
        (name = "alerts", description = "重要信息"),
        (name = "sync", description = "离线同步"),
        (name = "documents", description = "文书"),
        (name = "matters", description = "专项：调解、听证、督办、积案化解等"),
        (name = "calendar", description = "日程"),
        (name = "reports", description = "排查报告"),
        (name = "visits", description = "走访、承诺与走访覆盖"),
        (name = "reception", description = "接待日"),
        (name = "satisfaction", description = "满意度"),
        (name = "publicity", description = "法制宣传"),
        (name = "assessments", description = "村级考核"),
        (name = "figures", description = "统计指标、三无情况、年度目标、数据看板"),
        (name = "county", description = "县级：各乡镇对比、上报件"),
        (name = "analyses", description = "月度分析研判"),
        (name = "exports", description = "导出：xlsx、csv"),
        (name = "imports", description = "台账导入"),
        (name = "org", description = "单位"),
        (name = "users", description = "用户"),
        (name = "settings", description = "设置与期限规定"),
        (name = "notifications", description = "通知、实时事件、群机器人"),
        (name = "tokens", description = "API 令牌"),
        (name = "webhooks", description = "事件推送（webhook）"),
        (name = "audit", description = "审计"),
        (name = "system", description = "系统状况"),
        (name = "health", description = "运行状况"),
    ),
)]
struct Head;

/// The document.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Head::openapi();
    let rooms = [
        setup::routes::Docs::openapi(),
        session::routes::Docs::openapi(),
        session::signins::Docs::openapi(),
        case::routes::Docs::openapi(),
        case::matter::routes::Docs::openapi(),
        case::paper::routes::Docs::openapi(),
        case::calendar::routes::Docs::openapi(),
        case::backlog::Docs::openapi(),
        case::bulk::Docs::openapi(),
        indicator::routes::Docs::openapi(),
        county::routes::Docs::openapi(),
        analysis::routes::Docs::openapi(),
        case::export::Docs::openapi(),
        report::export::Docs::openapi(),
        indicator::export::Docs::openapi(),
        assessment::export::Docs::openapi(),
        photo::routes::Docs::openapi(),
        report::routes::Docs::openapi(),
        visit::routes::Docs::openapi(),
        reception::routes::Docs::openapi(),
        alert::routes::Docs::openapi(),
        receipt::routes::Docs::openapi(),
        satisfaction::routes::Docs::openapi(),
        publicity::routes::Docs::openapi(),
        assessment::routes::Docs::openapi(),
        village_map::routes::Docs::openapi(),
        sync::routes::Docs::openapi(),
        import::routes::Docs::openapi(),
        org::routes::Docs::openapi(),
        org::townships::Docs::openapi(),
        account::routes::Docs::openapi(),
        account::bulk::Docs::openapi(),
        second_factor::routes::Docs::openapi(),
        sso::routes::Docs::openapi(),
        duty::routes::Docs::openapi(),
        deputy::routes::Docs::openapi(),
        settings::routes::Docs::openapi(),
        settings::workdays::Docs::openapi(),
        settings::categories::Docs::openapi(),
        notify::routes::Docs::openapi(),
        audit::routes::Docs::openapi(),
        audit::export::Docs::openapi(),
        system::routes::Docs::openapi(),
        token::routes::Docs::openapi(),
        webhook::routes::Docs::openapi(),
        health::Docs::openapi(),
    ];
    for room in rooms {
        document.merge(room);
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("xf_…")
        .description(Some(
            "API 令牌，由本人在“令牌”页面新建，程序账号的由系统管理员新建；每个接口需要的权限写在接口说明的末尾和 `x-scope`。",
        ))
        .build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    components.add_security_scheme("token", SecurityScheme::Http(token));
    form::complete(&mut document);
    examples::add(&mut document);
    document
}

/// The document as it is served and printed.
pub fn text() -> &'static str {
    // By way of a value, which sorts names: extensions lie in a map of no order, and the text is always the same.
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        serde_json::to_value(document())
            .and_then(|document| serde_json::to_string_pretty(&document))
            .unwrap_or_default()
            + "\n"
    });
    &TEXT
}

/// The document and its pages.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(PATH).route(web::get().to(serve)))
        .service(web::redirect("/api/docs", "/api/docs/"))
        .service(
            SwaggerUi::new("/api/docs/{_:.*}").config(Config::from(PATH).show_extensions(true)),
        );
}

async fn serve() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_and_named_once() {
        let document: serde_json::Value = serde_json::from_str(text()).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let place = format!("{method} {path}");
                ids.push(operation["operationId"].as_str().expect(&place).to_owned());
                assert!(
                    operation["description"].is_string(),
                    "{place} has no description"
                );
                assert!(operation["tags"].is_array(), "{place} has no tag");
                let open = operation["security"].is_null();
                let says_so = operation["description"]
                    .as_str()
                    .unwrap()
                    .contains("不需要登录");
                let by_cookie =
                    ["refresh_session", "sign_out"].contains(&ids.last().unwrap().as_str());
                assert_eq!(open, says_so || by_cookie, "{place}");
            }
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn every_schema_that_is_named_is_there() {
        let document: serde_json::Value = serde_json::from_str(text()).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for part in text().split("\"#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
    }
}
