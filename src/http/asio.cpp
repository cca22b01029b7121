// Asio and Beast are compiled here, once (cmake/flags.cmake). Beast is for tests and benchmarks:
// the server and the proxy read HTTP with wire.h, which is stricter.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
