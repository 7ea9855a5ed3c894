-- What every install ends with. Neither can make it fail: both give way to whoever holds a lock.
select rowhook.rebase();
select rowhook.maintain_partitions();
