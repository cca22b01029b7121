#include "mail/smtp.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string_view>

#include "http/curl.h"

namespace vestibule::mail {
namespace {

using Kind = Failure::Kind;
using Steady = std::chrono::steady_clock;

/// How far a mail has come: the last command that was sent.
enum class Stage { before, sender, recipient, text };

/// What the callbacks of one mail read and note.
struct Transfer {
  std::string_view rest;
  Stage stage = Stage::before;
  const std::stop_token& stop;
  std::chrono::milliseconds stop_grace;
  std::optional<Steady::time_point> stop_seen = std::nullopt;
};

std::size_t give_text(char* out, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const auto piece = transfer.rest.substr(0, size * count);
  std::ranges::copy(piece, out);
  transfer.rest.remove_prefix(piece.size());
  return piece.size();
}

/// curl's report of what it does, the only one that tells one command from another. Nothing of it
/// is kept or logged: it has the address and the password in it.
int note_stage(CURL*, curl_infotype type, char* bytes, std::size_t size, void* context) {
  if (type != CURLINFO_HEADER_OUT) return 0;
  auto& stage = static_cast<Transfer*>(context)->stage;
  const std::string_view command(bytes, size);
  if (command.starts_with("MAIL FROM:")) stage = Stage::sender;
  if (command.starts_with("RCPT TO:")) stage = Stage::recipient;
  if (command.starts_with("DATA")) stage = Stage::text;
  return 0;
}

/// Called by curl about once a second, and when something happens.
int look_whether_to_stop(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  if (!transfer.stop.stop_requested()) return 0;
  if (!transfer.stop_seen) transfer.stop_seen = Steady::now();
  return Steady::now() - *transfer.stop_seen > transfer.stop_grace ? 1 : 0;
}

/// RFC 5321 4.2.1 and 3.8: what a reply code says about this mail, or about the server.
Kind judge_reply(long code) {
  if (code == 421) return Kind::unreachable;
  if (code >= 500) return Kind::refused;
  return Kind::postponed;
}

Kind judge(CURLcode result, long code, Stage stage) {
  if (result == CURLE_ABORTED_BY_CALLBACK) return Kind::interrupted;
  // Only what was said of this recipient or this text is about the mail. A refused greeting, sender
  // or password would be so for every other.
  if (stage == Stage::before || stage == Stage::sender) return Kind::unreachable;
  return judge_reply(code);
}

std::string describe(CURLcode result, long code, Stage stage) {
  static constexpr std::array<std::string_view, 4> stages{"before the mail", "at the sender",
                                                          "at the recipient", "at the text"};
  std::string detail = curl_easy_strerror(result);
  detail.append(", ").append(stages[static_cast<std::size_t>(stage)]);
  if (code > 0) detail.append(", last reply ").append(std::to_string(code));
  return detail;
}

long curl_tls(StartTls starttls) {
  switch (starttls) {
    case StartTls::required:
      return CURLUSESSL_ALL;
    case StartTls::opportunistic:
      return CURLUSESSL_TRY;
    case StartTls::none:
      return CURLUSESSL_NONE;
  }
  return CURLUSESSL_ALL;
}

}  // namespace

SmtpClient::SmtpClient(SmtpOptions options)
    : options_(std::move(options)), curl_(http::new_curl().release(), curl_easy_cleanup) {}

SmtpClient::~SmtpClient() {
  hang_up();
}

/// Without a QUIT, for whose answer curl would wait; and a connection on which something failed
/// must not be the next mail's.
void SmtpClient::hang_up() {
  curl_socket_t socket = CURL_SOCKET_BAD;
  if (curl_easy_getinfo(curl_.get(), CURLINFO_ACTIVESOCKET, &socket) == CURLE_OK &&
      socket != CURL_SOCKET_BAD) {
    ::shutdown(socket, SHUT_RDWR);
  }
}

void SmtpClient::set_up() {
  auto* const curl = curl_.get();
  curl_easy_reset(curl);  // keeps the connection
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // The path is curl's way to say our name.
  curl_easy_setopt(curl, CURLOPT_URL, (options_.url + "/" + options_.hello).c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(curl, CURLOPT_USE_SSL, curl_tls(options_.starttls));
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, 20L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options_.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.total_timeout.count()));
  http::trust_also(curl, options_.ca_file);
  if (!options_.username.empty()) {
    curl_easy_setopt(curl, CURLOPT_USERNAME, options_.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, std::string(options_.password.reveal()).c_str());
  }
}

std::expected<void, Failure> SmtpClient::send(const std::string& from, const std::string& to,
                                              const std::string& text,
                                              const std::stop_token& stop) {
  auto* const curl = curl_.get();
  Transfer transfer{.rest = text, .stop = stop, .stop_grace = options_.stop_grace};
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> recipients(
      curl_slist_append(nullptr, ("<" + to + ">").c_str()), curl_slist_free_all);
  if (!recipients) throw std::bad_alloc();

  set_up();
  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, ("<" + from + ">").c_str());
  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_text);
  curl_easy_setopt(curl, CURLOPT_READDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, note_stage);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &transfer);

  const auto result = curl_easy_perform(curl);
  // The rest of the handle's life is not this transfer's.
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 0L);
  if (result == CURLE_OK) return {};
  hang_up();
  long code = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
  return std::unexpected(
      Failure{judge(result, code, transfer.stage), describe(result, code, transfer.stage)});
}

}  // namespace vestibule::mail
