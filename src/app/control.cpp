#include "app/control.h"

#include <curl/curl.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json.hpp>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "app/doctor.h"
#include "app/offline_commands.h"

namespace vestibule::app {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

/// A caller that leaves so many lines unread takes no more.
constexpr std::size_t most_waiting = 10'000;

/// Lines on their way from a command's thread to the connection that waits for them.
class Lines : public std::enable_shared_from_this<Lines> {
 public:
  explicit Lines(asio::any_io_executor executor)
      : timer_(executor, asio::steady_timer::time_point::max()) {}

  void put(const json::object& line, bool last) {
    {
      const std::scoped_lock lock{mutex_};
      finished_ = last;
      if (!abandoned_ && (waiting_.size() < most_waiting || last))
        waiting_.push_back(json::serialize(line) + "\n");
    }
    asio::post(timer_.get_executor(), [self = shared_from_this()] { self->timer_.cancel(); });
  }

  // Nobody takes lines any more.
  void abandon() {
    const std::scoped_lock lock{mutex_};
    abandoned_ = true;
    waiting_.clear();
  }
  bool wanted() const {
    const std::scoped_lock lock{mutex_};
    return !abandoned_ && waiting_.size() < most_waiting;
  }

  // Everything that waits; empty only at the end.
  asio::awaitable<std::string> take() {
    while (true) {
      {
        const std::scoped_lock lock{mutex_};
        std::string out;
        for (const auto& line : waiting_) out += line;
        waiting_.clear();
        if (!out.empty() || finished_) co_return out;
      }
      const auto token = asio::as_tuple(asio::use_awaitable);
      co_await timer_.async_wait(token);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> waiting_;
  bool finished_ = false;
  bool abandoned_ = false;
  asio::steady_timer timer_;
};

json::object error_line(const base::Error& error) {
  return {{"error", {{"reason", error.reason}, {"message", error.message}}}};
}

void run_into(Core& core, const std::string& name, const json::object& arguments, Lines& lines) {
  try {
    const Progress progress{
        [&](const json::object& step) { lines.put({{"progress", step}}, false); },
        [&] { return lines.wanted(); }};
    const auto result = run_command(core, name, arguments, progress);
    lines.put(result ? json::object{{"result", *result}} : error_line(result.error()), true);
  } catch (const std::exception& error) {
    spdlog::error("command {} failed: {}", name, error.what());
    lines.put(error_line({base::ErrorKind::unavailable, "failed", error.what(), {}, {}}), true);
  }
}

}  // namespace

struct Control::Running {
  std::mutex mutex;
  std::vector<std::jthread> threads;

  void start(std::move_only_function<void()> work) {
    const std::scoped_lock lock{mutex};
    threads.emplace_back(std::move(work));
  }
};

namespace {

asio::awaitable<void> answer_command(Core& core, Control::Running& running,
                                     http::Exchange& exchange) {
  constexpr std::string_view prefix = "/commands/";
  const auto name = exchange.head().path.substr(prefix.size());
  std::string body;
  exchange.limit_body(64 * 1024);
  while (true) {
    const auto piece = co_await exchange.read_body();
    if (piece.empty()) break;
    body += piece;
  }
  boost::system::error_code malformed;
  auto arguments = json::parse(body.empty() ? "{}" : body, malformed);
  if (malformed || !arguments.is_object()) {
    auto refusal = http::Response::text(400, "the arguments are not a JSON object\n");
    co_await exchange.respond(std::move(refusal));
    co_return;
  }
  auto head = http::Response{};
  head.with_header("Content-Type", "application/jsonl");
  http::BodyFraming framing;
  co_await exchange.write_head(std::move(head), framing);

  const auto executor = co_await asio::this_coro::executor;
  // The command goes on when its client goes away, so its lines outlive this coroutine.
  const auto lines = std::make_shared<Lines>(executor);
  std::move_only_function<void()> work = [&core, lines, name,
                                          object = std::move(arguments.as_object())] {
    run_into(core, name, object, *lines);
  };
  // The caller may go away while nothing is written, or in the middle of it.
  exchange.on_disconnect([lines] { lines->abandon(); });
  const std::unique_ptr<Lines, decltype([](Lines* left) { left->abandon(); })> reader{lines.get()};
  running.start(std::move(work));
  while (true) {
    const auto text = co_await lines->take();
    if (text.empty()) break;
    co_await exchange.write_body(text);
  }
  exchange.on_disconnect({});
  co_await exchange.finish();
}

/// Reads the JSON lines of a server's answer as they come.
struct LineReader {
  const Progress& progress;
  std::string buffer = {};
  std::optional<json::object> last = {};

  void feed(std::string_view bytes) {
    buffer += bytes;
    for (auto end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
      boost::system::error_code ignored;
      auto line = json::parse(buffer.substr(0, end), ignored);
      buffer.erase(0, end + 1);
      if (!line.is_object()) continue;
      if (const auto* step = line.as_object().if_contains("progress")) {
        progress(step->as_object());
      } else {
        last = line.as_object();
      }
    }
  }
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* reader) {
  static_cast<LineReader*>(reader)->feed({data, size * count});
  return size * count;
}

base::Result<json::object> ask_server(const std::string& socket, std::string_view name,
                                      const json::object& arguments, const Progress& progress) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(),
                                                                 &curl_easy_cleanup};
  LineReader reader{progress};
  const auto url = fmt::format("http://localhost/commands/{}", name);
  const auto body = json::serialize(arguments);
  curl_easy_setopt(curl.get(), CURLOPT_UNIX_SOCKET_PATH, socket.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &on_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reader);
  const auto code = curl_easy_perform(curl.get());
  if (code == CURLE_COULDNT_CONNECT) {
    return base::fail(base::ErrorKind::not_found, "no_server", "no server is running");
  }
  if (code != CURLE_OK || !reader.last) {
    return base::fail(base::ErrorKind::unavailable, "server_lost",
                      fmt::format("the server went away: {}", curl_easy_strerror(code)));
  }
  if (const auto* result = reader.last->if_contains("result")) return result->as_object();
  const auto& error = reader.last->at("error").as_object();
  return base::fail(base::ErrorKind::conflict, "refused",
                    std::string(error.at("message").as_string()));
}

}  // namespace

std::string control_socket(const Config& config) {
  return config.data + "/control.sock";
}

Control::Control(Core& core) : running_(std::make_unique<Running>()) {
  site_.name = "control";
  for (const auto name : command_names()) {
    site_.router.add_stream(
        "POST", fmt::format("/commands/{}", name),
        [&core, running = running_.get()](http::Exchange& exchange) -> asio::awaitable<void> {
          return answer_command(core, *running, exchange);
        });
  }
}

Control::~Control() = default;

base::Result<json::object> run_anywhere(const Config& config, const base::Clock& clock,
                                        base::Random& random, std::string_view name,
                                        const json::object& arguments, const Progress& progress) {
  if (const auto offline = find_offline_command(name)) {
    return offline(config, clock, random, arguments, progress);
  }
  const auto socket = control_socket(config);
  if (std::filesystem::exists(socket)) {
    auto answer = ask_server(socket, name, arguments, progress);
    if (answer || answer.error().reason != "no_server") return answer;
  }
  auto core = Core::open(config, clock, random);
  if (!core && name == "doctor") return examine_unopened(config, clock.now(), core.error());
  if (!core) return std::unexpected(core.error());
  return run_command(**core, name, arguments, progress);
}

}  // namespace vestibule::app
