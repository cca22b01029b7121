#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "oauth/client_certificate_field.h"
#include "oauth/registration_mode.h"

namespace vestibule::app {

/// A mistake in the configuration, with the place where it stands.
struct ConfigMistake {
  std::string where;  ///< `FILE:LINE`, `VESTIBULE_…` or `--flag`
  std::string what;
  std::string to_string() const { return where + ": " + what; }
};

struct RuleConfig {
  std::string method = "*";
  std::string path;
  std::vector<std::string> except;  ///< path patterns that the rule leaves out
};

struct ApplicationConfig {
  std::string name;
  std::string webhook_url;
  std::string webhook_secret_file;  ///< a file with `whsec_…`
  std::vector<std::string> events;  ///< empty: all
  bool holds_data = true;
  std::vector<std::string>
      allowed_networks;         ///< CIDRs that the URL may resolve to beside public ones
  std::string service_account;  ///< id; may acknowledge merges for this application
};

/// How long the guests of one application are kept.
struct PurgeApplicationConfig {
  std::string client;  ///< the id of the client through which they are made
  base::Seconds retention{0};
};

/// Where users are kept: here, or in a ZITADEL elsewhere.
enum class IdentityProviderKind { embedded, zitadel };
enum class CookieFormat { sealed, jwt };
enum class ForwardedHeaders { x_forwarded, x_original };
enum class LogFormat { text, json };
enum class ProofOfWork { off, pressure, always };
enum class DpopNonces { optional, required };
enum class MailTransport { mailbox, smtp, none };
enum class MailTls { required, opportunistic, none };

/// Everything that can be configured, with its defaults (docs/reference/configuration.md).
struct Config {
  std::string file;                       ///< where it was read from; empty without one
  std::string listen = "127.0.0.1:8081";  ///< plain HTTP; may be empty beside tls.listen
  std::string public_url;  ///< of the provider: the issuer. Empty: from tls.listen, else listen
  std::string data = "vestibule-data";
  std::string store;               ///< empty: sqlite:DATA/vestibule.db
  std::string master_key_file;     ///< empty: DATA/secrets/master.key
  std::vector<std::string> roles;  ///< empty: all that the identity provider leaves to this server
  std::vector<std::string> trusted_proxies;
  std::size_t threads = 0;  ///< io threads; 0: one per core
  base::Seconds shutdown_grace{10};

  /// A listener with a certificate, for all origins, beside the plain ones.
  struct {
    std::string listen;
    std::string certificate;  ///< PEM file: the server's own first, then the chain
    std::string key;          ///< PEM file
  } tls;

  struct {
    std::string level = "info";
    LogFormat format = LogFormat::text;
  } log;

  struct {
    std::string listen;      ///< a listener of its own; empty: shares `listen`
    std::string tls_listen;  ///< the same over TLS, with the certificate of `tls`
    std::string public_url;  ///< the application's origin; empty: the provider's
    std::string upstream;    ///< http://HOST:PORT; empty: no proxying
    std::string audience;    ///< `aud` of its tokens; empty: the public URL
    CookieFormat cookie_format = CookieFormat::sealed;
    base::Seconds retention{30 * 24 * 3600};  ///< of cookies and sessions; 400 days at most
    base::Seconds token_lifetime{600};
    std::vector<RuleConfig> rules;
    base::Seconds upstream_timeout{60};
    std::string forward_auth_listen;              ///< a listener for trusted proxies only
    std::string forward_auth_secret_file;         ///< or a secret that they send
    std::vector<std::string> forward_auth_peers;  ///< or CIDRs that they come from
    ForwardedHeaders forwarded_headers = ForwardedHeaders::x_forwarded;
    IdentityProviderKind identity_provider = IdentityProviderKind::embedded;
  } gateway;

  /// The remote ZITADEL of identity_provider = "zitadel".
  struct {
    std::string issuer;
    std::string organization_id;
    std::string client_id;
    std::string client_secret_file;  ///< empty: a public client
    std::string service_token_file;  ///< a personal access token, or
    std::string service_key_file;    ///< a key as ZITADEL writes it
    std::string scope = "openid profile email offline_access";
    std::string guest_scope = "openid profile email";
    std::string audience;
    std::vector<std::string> allowed_networks;  ///< CIDRs it may be in beside public ones
    base::Seconds call_timeout{10};
    base::Seconds retry_after{2};
  } zitadel;

  struct {
    int guests_per_minute = 60;
    int guests_burst = 30;
    int guests_in_all_per_minute = 0;  ///< 0: 1,000 times guests_per_minute
    ProofOfWork proof_of_work = ProofOfWork::pressure;
    unsigned proof_of_work_bits = 18;
    int sign_ins_per_minute = 30;
    int failures_per_account_per_hour = 0;        ///< of strangers; 0: 3 times sign_ins_per_minute
    std::size_t connections_per_address = 2'000;  ///< 0: as many as in all
  } limits;

  struct {
    std::string refused_file;  ///< passwords that nobody may choose, one a line
  } passwords;

  struct {
    base::Seconds retention{30 * 24 * 3600};
    base::Seconds interval{3600};
    double max_share = 0.5;
    std::vector<PurgeApplicationConfig> applications;
  } purge;

  struct {
    base::Seconds rotation{30 * 24 * 3600};
    base::Seconds publish_ahead{24 * 3600};
  } keys;

  struct {
    DpopNonces nonces = DpopNonces::optional;
  } dpop;

  struct {
    /// mailbox shows every link at /mailbox to whoever asks, so it is for loopback only, where it
    /// is the default.
    std::optional<MailTransport> transport;
    int per_recipient_per_day = 10;
    // Of smtp:
    std::string url;  ///< smtp://HOST:PORT or smtps://HOST:PORT
    MailTls starttls = MailTls::required;
    std::string username;
    std::string password_file;
    std::string from;  ///< an address or `Name <address>`
    base::Seconds timeout{60};
  } mail;

  struct {
    base::Seconds deadline{24 * 3600};
    base::Seconds alias_retention{400LL * 24 * 3600};  ///< of finished merges and their aliases
  } merge;

  struct {
    base::Seconds keep_delivered{3 * 24 * 3600};  ///< to be looked at and sent again; 0: not at all
  } events;

  /// Dynamic Client Registration.
  struct {
    oauth::RegistrationMode mode = oauth::RegistrationMode::off;
    std::string initial_access_token_file;  ///< for mode token: one a line
    int per_minute = 10;                    ///< for one client address
    int max_clients = 1000;                 ///< that registered themselves
  } registration;

  /// Calls that the server makes to others.
  struct {
    std::string ca_file;  ///< certificates that are trusted besides the system's
    /// Ranges that the provider may call beside public ones: jwks_uri, request_uri,
    /// sector_identifier_uri, logout. Applications have their own lists.
    std::vector<std::string> allowed_networks;
  } outgoing;

  /// Certificates of clients, as trusted proxies pass them on (RFC 8705).
  struct {
    std::string header;  ///< empty: none is looked at
    oauth::CertificateEncoding encoding = oauth::CertificateEncoding::structured;
    std::string public_url;  ///< an origin for TLS with certificates; empty: the provider's own
  } mtls;

  std::vector<ApplicationConfig> applications;

  bool has_role(const std::string& role) const;
};

/// Values that come before the file's: from flags and from the environment, by the file's dotted
/// key (`listen`, `gateway.public_url`).
struct Override {
  std::string key;
  std::string value;
  std::string where;
};

/// Overrides from VESTIBULE_… variables: VESTIBULE_PUBLIC_URL is `public_url`,
/// VESTIBULE_GATEWAY__UPSTREAM is `gateway.upstream`.
std::vector<Override> overrides_from_environment(const char* const* environment);

struct LoadedConfig {
  Config config;
  std::vector<ConfigMistake> mistakes;
};

/// Reads `file` (none if empty), applies the overrides in order, completes and checks the whole.
/// Every mistake is told at once; the configuration is usable only without any.
LoadedConfig load_config(const std::string& file, const std::vector<Override>& overrides);

/// `30d`, `12h`, `10m`, `45s` or a number of seconds.
std::optional<base::Seconds> parse_duration(std::string_view text);

/// `host:port` with an IPv6 host in brackets.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
std::optional<HostPort> parse_host_port(std::string_view text);

/// True for localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

/// The parts of an absolute http(s) URL without userinfo, query and fragment.
struct UrlParts {
  std::string scheme;
  std::string host;        ///< lower case, IPv6 without brackets
  std::uint16_t port = 0;  ///< explicit or the scheme's
  std::string path;        ///< without a trailing slash
  std::string authority;   ///< as a browser sends it in Host: the default port left out
  std::string origin() const { return scheme + "://" + authority; }
};
std::optional<UrlParts> parse_url(std::string_view url);

}  // namespace vestibule::app
