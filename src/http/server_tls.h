#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace vestibule::http {

/// Where a server's certificate stands.
struct TlsFiles {
  std::string certificate;  ///< PEM: the server's own first, then the chain
  std::string key;          ///< PEM, without a passphrase
};

/// A server's certificate and key and the rules of its TLS connections: TLS 1.2 with ECDHE and AEAD
/// suites or TLS 1.3 (RFC 9325, FAPI 2.0 5.2.1), ALPN http/1.1, no renegotiation, no early data,
/// sessions resumed from memory only. Can be given new files while connections run. Safe from any
/// thread.
class ServerTls {
 public:
  /// Errors are `invalid` with reason `certificate` or `key`: the file at fault, and why.
  static base::Result<std::unique_ptr<ServerTls>> load(const TlsFiles& files);

  /// From now on new connections get what `files` hold; those that are there go on. An error, as
  /// for load(), changes nothing.
  base::Result<void> reload(const TlsFiles& files);

  /// For the log: `until 2026-01-31 12:00 UTC`, and that this is past.
  std::string validity() const;
  /// The server's side of one new connection.
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> new_session() const;

 private:
  using Context = std::shared_ptr<ssl_ctx_st>;
  explicit ServerTls(Context context) : context_(std::move(context)) {}
  static base::Result<Context> make_context(const TlsFiles& files);
  Context context() const;

  mutable std::mutex mutex_;
  Context context_;
};

}  // namespace vestibule::http
