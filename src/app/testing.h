#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "app/config.h"

namespace vestibule::app::testing_support {

/// A file that lives as long as the object; `name` tells several of one test apart.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text, const std::string& name = "config.toml")
      : path_(testing::TempDir() + "/vestibule-" + std::to_string(getpid()) + "-" + name) {
    std::ofstream{path_} << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  ConfigFile(const ConfigFile&) = delete;
  ConfigFile& operator=(const ConfigFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// What is wrong with the configuration in `text`, a line for each mistake.
inline std::string mistakes_in(const std::string& text) {
  const ConfigFile file{text, "mistakes.toml"};
  std::string all;
  for (const auto& mistake : load_config(file.path(), {}).mistakes) {
    all += mistake.to_string().substr(file.path().size()) + "\n";
  }
  return all;
}

}  // namespace vestibule::app::testing_support
