-- wrk -s paths.lua -- FILE : requests the lines of FILE, one after the other.
local paths, turn = {}, 0

function init(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
end

function request()
  turn = turn % #paths + 1
  return wrk.format("GET", paths[turn])
end
