#include "http/tls_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "http/server_tls.h"
#include "http/tls_stream.h"

namespace vestibule::http {

void serve_tls(Worker& worker, PlainStream::Socket socket, const ServerTls& tls,
               Accepted accepted) {
  const auto connection = std::make_shared<Connection<TlsStream>>(
      worker, TlsStream(std::move(socket), tls.new_session()), std::move(accepted));
  boost::asio::co_spawn(worker.context(), connection->run(), boost::asio::detached);
}

}  // namespace vestibule::http
