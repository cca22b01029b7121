#include "http/server_tls.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>
#include <new>
#include <stdexcept>
#include <string_view>

#include "http/certificates.h"

namespace vestibule::http {
namespace {

// RFC 9325 4.2 and FAPI 2.0 5.2.1: forward secrecy and authenticated encryption only. Those of TLS
// 1.3 are all so.
constexpr const char* tls_1_2_suites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr long sessions_kept = 10'000;
constexpr long session_seconds = 3600;

/// RFC 7301 3.2: http/1.1, or an alert if the client speaks other protocols only.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_length,
                    const unsigned char* offered, unsigned offered_length, void*) {
  static constexpr std::string_view ours = "http/1.1";
  for (unsigned at = 0; at < offered_length;) {
    const unsigned length = offered[at++];
    if (length > offered_length - at) break;
    if (std::string_view(reinterpret_cast<const char*>(offered + at), length) == ours) {
      *out = offered + at;
      *out_length = static_cast<unsigned char>(length);
      return SSL_TLSEXT_ERR_OK;
    }
    at += length;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/// Nobody is there to type one, and OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::unexpected<base::Error> refuse(const char* reason, const std::string& path,
                                    const std::string& why) {
  ERR_clear_error();
  return base::fail(base::ErrorKind::invalid, reason, path + ": " + why);
}

/// What OpenSSL says was wrong first.
std::string why_refused() {
  const auto* const text = ERR_reason_error_string(ERR_peek_error());
  return text != nullptr ? text : "not what it has to be";
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Tickets would put what can open a recorded connection on the wire, under a key that has no
  // rotation (RFC 9325 3.4); the cache forgets.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                   SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
  SSL_CTX_sess_set_cache_size(context, sessions_kept);
  SSL_CTX_set_timeout(context, session_seconds);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_set_cipher_list(context, tls_1_2_suites) != 1 ||
      SSL_CTX_set1_groups_list(context, groups) != 1) {
    throw std::runtime_error("this OpenSSL has not what TLS needs");
  }
}

}  // namespace

base::Result<ServerTls::Context> ServerTls::make_context(const TlsFiles& files) {
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) throw std::bad_alloc();
  set_rules(context.get());
  if (const auto why = why_unreadable(files.certificate); !why.empty()) {
    return refuse("certificate", files.certificate, why);
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return refuse("certificate", files.certificate, why_refused());
  }
  if (const auto why = why_unreadable(files.key); !why.empty()) {
    return refuse("key", files.key, why);
  }
  // This compares the key with the certificate, too.
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1) {
    return refuse("key", files.key, why_refused());
  }
  return context;
}

base::Result<std::unique_ptr<ServerTls>> ServerTls::load(const TlsFiles& files) {
  auto context = make_context(files);
  if (!context) return std::unexpected(context.error());
  return std::unique_ptr<ServerTls>(new ServerTls(*std::move(context)));
}

base::Result<void> ServerTls::reload(const TlsFiles& files) {
  auto context = make_context(files);
  if (!context) return std::unexpected(context.error());
  const std::lock_guard lock(mutex_);
  context_ = *std::move(context);
  return {};
}

ServerTls::Context ServerTls::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

std::string ServerTls::validity() const {
  const auto context = this->context();
  const auto* const end = X509_get0_notAfter(SSL_CTX_get0_certificate(context.get()));
  std::tm time{};
  if (ASN1_TIME_to_tm(end, &time) != 1) return "until a time that cannot be read";
  const bool past = X509_cmp_current_time(end) < 0;
  return fmt::format("until {:%Y-%m-%d %H:%M} UTC{}", time, past ? ", which is past" : "");
}

std::unique_ptr<ssl_st, void (*)(ssl_st*)> ServerTls::new_session() const {
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session(SSL_new(context().get()), SSL_free);
  if (!session) throw std::bad_alloc();
  SSL_set_accept_state(session.get());
  return session;
}

}  // namespace vestibule::http
