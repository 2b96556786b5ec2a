//! The app, inside the binary: its files, precompressed, and its pages.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};

use crate::error;

/// What `cargo xtask app` has built; each text file with a `.br` and a `.gz` beside it.
#[derive(Embed)]
#[folder = "../frontend/dist"]
struct App;

const INDEX: &str = "index.html";
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");

/// What is said where the binary was built without the app.
const NO_APP: &str = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\">\
    <title>信访三无工作台</title><p>这个程序在构建时没有包含网页应用，只提供接口。\
    请用 <code>cargo xtask run</code> 或 <code>cargo xtask dist</code> 构建。</p>\
    <p><a href=\"/api/docs/\">接口文档</a></p>";

/// Answers whatever no route has taken: a file, or a page of the app.
pub(crate) async fn serve(request: HttpRequest) -> HttpResponse {
    let path = request.path().trim_start_matches('/');
    let is_api = path == "api" || path.starts_with("api/") || path.starts_with("health/");
    if is_api {
        return nothing(StatusCode::NOT_FOUND);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return nothing(StatusCode::METHOD_NOT_ALLOWED);
    }
    match path {
        "" => page(&request),
        _ => match file(&request, path) {
            Some(response) => response,
            None if is_page(&request, path) => page(&request),
            None => nothing(StatusCode::NOT_FOUND),
        },
    }
}

fn nothing(status: StatusCode) -> HttpResponse {
    actix_web::ResponseError::error_response(&error::of_status(status))
}

/// A page has no dot in its last part and is asked for by something that reads HTML.
fn is_page(request: &HttpRequest, path: &str) -> bool {
    let accept = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    let reads_html =
        accept.is_none_or(|accept| accept.contains("text/html") || accept.contains("*/*"));
    let last = path.rsplit('/').next().unwrap_or_default();
    reads_html && !last.contains('.')
}

fn page(request: &HttpRequest) -> HttpResponse {
    file(request, INDEX).unwrap_or_else(|| {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, REVALIDATE))
            .body(NO_APP)
    })
}

fn file(request: &HttpRequest, path: &str) -> Option<HttpResponse> {
    // The compressed copies are answers, not files of their own.
    if path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let (file, encoding) = best(request.headers(), path)?;
    let etag = etag(&file);
    let fresh = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|seen| {
            let seen = seen.to_str().unwrap_or_default();
            seen.split(',')
                .any(|one| one.trim().trim_start_matches("W/") == etag)
        });
    let mut response = if fresh {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    let caching = if is_hashed(path) {
        IMMUTABLE
    } else {
        REVALIDATE
    };
    response
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, caching))
        .insert_header((header::VARY, HeaderValue::from_static("accept-encoding")));
    if fresh {
        return Some(response.finish());
    }
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, HeaderValue::from_static(encoding)));
    }
    response.content_type(content_type(path));
    Some(match file.data {
        std::borrow::Cow::Borrowed(bytes) => response.body(bytes),
        std::borrow::Cow::Owned(bytes) => response.body(bytes),
    })
}

/// The smallest copy that the client can read.
fn best(headers: &HeaderMap, path: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    for (encoding, ending) in [("br", ".br"), ("gzip", ".gz")] {
        if accepts(headers, encoding)
            && let Some(file) = App::get(&format!("{path}{ending}"))
        {
            return Some((file, Some(encoding)));
        }
    }
    App::get(path).map(|file| (file, None))
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers
        .get_all(header::ACCEPT_ENCODING)
        .filter_map(|line| line.to_str().ok());
    let mut choices = lines.flat_map(|line| line.split(','));
    choices.any(|choice| {
        let (name, weight) = choice.split_once(';').unwrap_or((choice, ""));
        let weight = weight
            .trim()
            .strip_prefix("q=")
            .and_then(|q| q.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case(encoding) && weight.is_none_or(|weight| weight > 0.0)
    })
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let short: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{short}\"")
}

/// Whether the name carries its content's hash (`app-0123456789abcdef.js`), so that it may be kept
/// for ever.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let Some((stem, _)) = name.split_once('.') else {
        return false;
    };
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        hash.len() >= 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    if guess.type_() == mime_guess::mime::TEXT {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashed_names_are_known() {
        for (path, expected) in [
            ("assets/app-0123456789abcdef.js", true),
            ("assets/style-deadbeef.css", true),
            ("index.html", false),
            ("favicon-large.svg", false),
            ("assets/app.js", false),
            ("app-0123456789abcdef", false),
        ] {
            assert_eq!(is_hashed(path), expected, "{path}");
        }
    }

    #[test]
    fn an_encoding_with_no_weight_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static("gzip;q=0.5, br;q=0, deflate"),
        );
        assert!(accepts(&headers, "gzip") && accepts(&headers, "deflate"));
        assert!(!accepts(&headers, "br") && !accepts(&headers, "zstd"));
    }

    #[test]
    fn files_have_the_type_that_browsers_want() {
        assert_eq!(content_type("a.wasm"), "application/wasm");
        assert_eq!(content_type("a.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("a.css"), "text/css; charset=utf-8");
        assert_eq!(content_type("a.svg"), "image/svg+xml");
        assert_eq!(content_type("a.webmanifest"), "application/manifest+json");
    }
}
