#pragma once

#include <memory>
#include <string>

#include "app/commands.h"
#include "app/core.h"
#include "http/router.h"

namespace vestibule::app {

/// `DATA/control.sock`: how commands reach a running server. Mode 0600: who may open it may do
/// everything.
std::string control_socket(const Config& config);

/// The control socket's site: `POST /commands/NAME` with the arguments as JSON; the answer is JSON
/// lines, any number of `{"progress":{…}}` and one `{"result":{…}}` or `{"error":{…}}`. A command
/// runs to its end, also when its caller goes away (but for one that only tells: Progress::wanted);
/// destruction waits for it.
class Control {
 public:
  explicit Control(Core& core);
  ~Control();
  const http::Site& site() const { return site_; }

  struct Running;

 private:
  http::Site site_;
  std::unique_ptr<Running> running_;
};

/// Runs a command: through the server that holds the data directory, or, if there is none, on a
/// core that is opened for it. Prints nothing.
base::Result<boost::json::object> run_anywhere(const Config& config, const base::Clock& clock,
                                               base::Random& random, std::string_view name,
                                               const boost::json::object& arguments,
                                               const Progress& progress);

}  // namespace vestibule::app
