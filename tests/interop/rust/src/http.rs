//! The client that the library calls with: one that trusts the tests' authority.

use std::error::Error;
use std::io::Read;
use std::sync::{Arc, LazyLock};
use std::{env, fs, io};

use native_tls::{Certificate, TlsConnector};
use openidconnect::http::Response;
use openidconnect::{HttpRequest, HttpResponse};

static AGENT: LazyLock<ureq::Agent> = LazyLock::new(|| agent().expect("a certificate"));

fn agent() -> Result<ureq::Agent, Box<dyn Error>> {
    let authority = Certificate::from_pem(&fs::read(env::var("SSL_CERT_FILE")?)?)?;
    let tls = TlsConnector::builder().add_root_certificate(authority).build()?;
    Ok(ureq::AgentBuilder::new().tls_connector(Arc::new(tls)).redirects(0).build())
}

/// Sends a request of the library's; every status is an answer.
pub fn send(request: HttpRequest) -> Result<HttpResponse, io::Error> {
    let (head, body) = request.into_parts();
    let mut call = AGENT.request(head.method.as_str(), &head.uri.to_string());
    for (name, value) in &head.headers {
        call = call.set(name.as_str(), value.to_str().map_err(io::Error::other)?);
    }
    let answer = match call.send_bytes(&body) {
        Ok(answer) | Err(ureq::Error::Status(_, answer)) => answer,
        Err(error) => return Err(io::Error::other(error)),
    };
    let mut built = Response::builder().status(answer.status());
    for name in answer.headers_names() {
        built = built.header(&name, answer.header(&name).unwrap_or_default());
    }
    let mut content = Vec::new();
    answer.into_reader().read_to_end(&mut content)?;
    built.body(content).map_err(io::Error::other)
}
